#include "bnn/core/aligned_array.h"

#include <cstdint>
#include <cstdlib>
#include <limits>
#include <new>
#include <sys/mman.h>

namespace bnn {
namespace {

constexpr std::size_t kAlignmentBytes = kAlignment * sizeof(float);
constexpr std::uintptr_t kHugePage = 2 * 1024 * 1024;

// No more than advice: a system without huge pages goes on without them.
void ask_for_huge_pages(void* memory, std::size_t bytes) {
  const auto address = reinterpret_cast<std::uintptr_t>(memory);
  const std::uintptr_t first = (address + kHugePage - 1) / kHugePage * kHugePage;
  const std::uintptr_t last = (address + bytes) / kHugePage * kHugePage;
  if (last > first) madvise(reinterpret_cast<void*>(first), last - first, MADV_HUGEPAGE);
}

}  // namespace

void AlignedArray::Free::operator()(void* memory) const { std::free(memory); }

AlignedArray::AlignedArray(std::size_t size, MemoryUse use) : size_(size) {
  if (size > std::numeric_limits<std::size_t>::max() / sizeof(float) - kAlignment) {
    throw std::bad_alloc();
  }
  // calloc, since it hands out large blocks as untouched zero pages; it aligns to 16 bytes only.
  const std::size_t bytes = size * sizeof(float) + kAlignmentBytes;
  memory_.reset(std::calloc(bytes, 1));
  if (memory_ == nullptr) throw std::bad_alloc();
  if (use == MemoryUse::whole) ask_for_huge_pages(memory_.get(), bytes);
}

float* AlignedArray::aligned(void* memory) {
  const auto address = reinterpret_cast<std::uintptr_t>(memory);
  return reinterpret_cast<float*>((address + kAlignmentBytes - 1) / kAlignmentBytes *
                                  kAlignmentBytes);
}

}  // namespace bnn
