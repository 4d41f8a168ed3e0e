#include "bnn/data/cutout.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace bnn {
namespace {

struct Range {
  std::size_t first, last;  // without the last
};

// `side` pixels around a centre; of an even number there is one more before the centre.
Range erased_range(std::uint32_t centre, int side, int size) {
  const int first = static_cast<int>(centre) - side / 2;
  return {static_cast<std::size_t>(std::clamp(first, 0, size)),
          static_cast<std::size_t>(std::clamp(first + side, 0, size))};
}

}  // namespace

void cut_out(int side, const Stream& stream, const Shape& shape, float* image) {
  const auto height = static_cast<std::uint32_t>(shape.height);
  const auto width = static_cast<std::uint32_t>(shape.width);
  const Range rows = erased_range(random_below(stream, 0, height), side, shape.height);
  const Range columns = erased_range(random_below(stream, 1, width), side, shape.width);
  const auto channels = static_cast<std::size_t>(shape.channels);
  for (std::size_t row = rows.first; row < rows.last; ++row) {
    float* line = image + row * width * channels;
    std::fill(line + columns.first * channels, line + columns.last * channels, 0.0f);
  }
}

}  // namespace bnn
