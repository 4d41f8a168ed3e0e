#pragma once
// A fixed-size array of floats that begins on a cache line (64 bytes), so that vector loads never
// straddle two lines. Owns its memory; everything else in a run is a view into a few of these.

#include <cstddef>
#include <memory>
#include <span>

namespace bnn {

/// Floats per cache line; slices of flat arrays begin at multiples of it.
constexpr std::size_t kAlignment = 16;

/// The smallest multiple of kAlignment that is at least `size`.
constexpr std::size_t round_to_alignment(std::size_t size) {
  return (size + kAlignment - 1) / kAlignment * kAlignment;
}

/// What is used as a whole may lie in huge pages, which the processor finds faster. What is used in
/// parts would take memory for the gaps.
enum class MemoryUse { in_parts, whole };

class AlignedArray {
 public:
  AlignedArray() = default;
  /// Zero-filled. Large arrays take no memory until they are written to.
  explicit AlignedArray(std::size_t size, MemoryUse use = MemoryUse::in_parts);

  float* data() { return aligned(memory_.get()); }
  const float* data() const { return aligned(memory_.get()); }
  std::size_t size() const { return size_; }
  std::span<float> span() { return {data(), size_}; }
  std::span<const float> span() const { return {data(), size_}; }

 private:
  struct Free {
    void operator()(void* memory) const;
  };
  static float* aligned(void* memory);

  std::unique_ptr<void, Free> memory_;
  std::size_t size_ = 0;
};

}  // namespace bnn
