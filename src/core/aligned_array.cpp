#include "bnn/core/aligned_array.h"

#include <cstdint>
#include <cstdlib>
#include <limits>
#include <new>

namespace bnn {
namespace {

constexpr std::size_t kAlignmentBytes = kAlignment * sizeof(float);

}  // namespace

void AlignedArray::Free::operator()(void* memory) const { std::free(memory); }

AlignedArray::AlignedArray(std::size_t size) : size_(size) {
  if (size > std::numeric_limits<std::size_t>::max() / sizeof(float) - kAlignment) {
    throw std::bad_alloc();
  }
  // calloc, since it hands out large blocks as untouched zero pages; it aligns to 16 bytes only.
  memory_.reset(std::calloc(size * sizeof(float) + kAlignmentBytes, 1));
  if (memory_ == nullptr) throw std::bad_alloc();
}

float* AlignedArray::aligned(void* memory) {
  const auto address = reinterpret_cast<std::uintptr_t>(memory);
  return reinterpret_cast<float*>((address + kAlignmentBytes - 1) / kAlignmentBytes *
                                  kAlignmentBytes);
}

}  // namespace bnn
