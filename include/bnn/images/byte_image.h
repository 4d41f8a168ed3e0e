#pragma once
// One image as bytes, channels last, as a view: what functions from image to image take.
// Thread-safe: no state.

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace bnn {

/// Borrows its bytes: [row][column][channel].
struct ByteImage {
  int height = 0;
  int width = 0;
  int channels = 0;
  const std::uint8_t* bytes = nullptr;

  std::size_t size() const {
    return static_cast<std::size_t>(height) * static_cast<std::size_t>(width) *
           static_cast<std::size_t>(channels);
  }
  std::size_t offset(int row, int column) const {
    return (static_cast<std::size_t>(row) * static_cast<std::size_t>(width) +
            static_cast<std::size_t>(column)) *
           static_cast<std::size_t>(channels);
  }
  double at(int row, int column, int channel) const {
    return bytes[offset(row, column) + static_cast<std::size_t>(channel)];
  }
};

/// The nearest byte; halves are rounded up, values outside 0 to 255 are clamped.
inline std::uint8_t to_byte(double value) {
  return static_cast<std::uint8_t>(std::clamp(value, 0.0, 255.0) + 0.5);
}

}  // namespace bnn
