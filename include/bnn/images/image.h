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

  Shape shape() const { return {height, width, channels}; }
};

/// An image whose header announces more pixels is refused before memory is allocated for it.
constexpr std::uint64_t kMaxImagePixels = 64'000'000;

}  // namespace bnn
