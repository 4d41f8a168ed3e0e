#include "bnn/core/shape.h"

#include <fmt/format.h>
#include <limits>

#include "bnn/core/error.h"

namespace bnn {

Shape with_sides(Shape image, std::int64_t height, std::int64_t width) {
  std::int64_t size = image.channels;
  const bool overflows =
      __builtin_mul_overflow(size, height, &size) || __builtin_mul_overflow(size, width, &size);
  if (overflows || size > std::numeric_limits<int>::max()) {
    throw Error(ErrorKind::config, fmt::format("the output, {} x {} x {}, is too large", height,
                                               width, image.channels));
  }
  image.height = static_cast<int>(height);
  image.width = static_cast<int>(width);
  return image;
}

std::string to_string(const Shape& shape) {
  if (shape.flat) return fmt::format("{}", shape.channels);
  return shape.channels_first
             ? fmt::format("{} x {} x {}", shape.channels, shape.height, shape.width)
             : fmt::format("{} x {} x {}", shape.height, shape.width, shape.channels);
}

std::string shape_text(std::span<const std::int64_t> dimensions) {
  return fmt::format("[{}]", fmt::join(dimensions, ", "));
}

}  // namespace bnn
