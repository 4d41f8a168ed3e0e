#pragma once
// Numbers in the headers of image files. What lies beyond the end of the bytes is 0. Thread-safe:
// no state.

#include <cstddef>
#include <cstdint>
#include <span>

namespace bnn {

enum class ByteOrder { little, big };

class ByteNumbers {
 public:
  ByteNumbers(std::span<const std::uint8_t> bytes, ByteOrder order)
      : bytes_(bytes), order_(order) {}

  /// The number of `size` bytes, at most four, at a place.
  std::uint32_t read(std::size_t at, std::size_t size) const {
    if (at > bytes_.size() || size > bytes_.size() - at) return 0;
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < size; ++i) {
      value = value << 8 | bytes_[at + (order_ == ByteOrder::little ? size - 1 - i : i)];
    }
    return value;
  }

 private:
  std::span<const std::uint8_t> bytes_;
  ByteOrder order_;
};

}  // namespace bnn
