#include "bnn/core/shape.h"

namespace bnn {

std::string to_string(const Shape& shape) {
  if (shape.flat) return std::to_string(shape.channels);
  const std::string pixels = std::to_string(shape.height) + " x " + std::to_string(shape.width);
  const std::string channels = std::to_string(shape.channels);
  return shape.channels_first ? channels + " x " + pixels : pixels + " x " + channels;
}

}  // namespace bnn
