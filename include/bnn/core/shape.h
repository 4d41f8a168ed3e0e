#pragma once
// Shapes of one example's activations.
//
// Activations lie in memory as [example][row][column][channel]. A flat shape, which `flatten` and
// dense layers give, is a vector of `channels` numbers and has height and width 1. `channels_first`
// changes how a shape is presented (printed, flattened), never how it lies in memory.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace bnn {

struct Shape {
  int height = 1;
  int width = 1;
  int channels = 0;
  bool flat = false;
  bool channels_first = false;

  std::size_t pixels() const {
    return static_cast<std::size_t>(height) * static_cast<std::size_t>(width);
  }
  std::size_t size() const { return pixels() * static_cast<std::size_t>(channels); }

  /// True if the other has as many rows, columns and channels, however it is presented.
  bool same_size(const Shape& other) const {
    return height == other.height && width == other.width && channels == other.channels;
  }

  bool operator==(const Shape&) const = default;
};

inline Shape flat_shape(int channels) { return Shape{1, 1, channels, true}; }

/// The image with other numbers of rows and columns. Throws Error(config) if it would hold more
/// than 2^31 - 1 numbers.
Shape with_sides(Shape image, std::int64_t height, std::int64_t width);

/// "32 x 32 x 3", channels first "3 x 32 x 32", flat "10".
std::string to_string(const Shape& shape);

/// The dimensions of a tensor of any rank: "[3, 3, 16]".
std::string shape_text(std::span<const std::int64_t> dimensions);

}  // namespace bnn
