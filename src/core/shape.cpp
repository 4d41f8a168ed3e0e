#include "bnn/core/shape.h"

#include <fmt/format.h>

namespace bnn {

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
