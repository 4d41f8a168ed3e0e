#pragma once
// One decoded image: bytes, channels last, [row][column][channel].

#include <cstddef>
#include <cstdint>
#include <vector>

#include "bnn/core/shape.h"

namespace bnn {

struct Image {
  int height = 0;
  int width = 0;
  int channels = 0;  // 1: grey; 3: red, green, blue
  std::vector<std::uint8_t> bytes = {};
  bool turned = false;  // stored otherwise, and turned upright (orientation.h)

  Shape shape() const { return {height, width, channels}; }
};

}  // namespace bnn
