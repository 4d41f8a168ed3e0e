#include "bnn/core/shape.h"

namespace bnn {

std::string to_string(const Shape& shape) {
  if (shape.flat) return std::to_string(shape.channels);
  return std::to_string(shape.height) + " x " + std::to_string(shape.width) + " x " +
         std::to_string(shape.channels);
}

}  // namespace bnn
