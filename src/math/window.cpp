#include "bnn/math/window.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>

#include "bnn/core/error.h"

namespace bnn {
namespace {

// Floats of one im2col tile: 256 KiB, within the second-level cache of current processors.
constexpr std::int64_t kTileFloats = 64 * 1024;

struct Extent {
  int output;
  int pad_before;
};

Extent extent(int input, int kernel, int stride, int dilation, Padding padding, const char* side) {
  const std::int64_t covered = (std::int64_t{kernel} - 1) * dilation + 1;
  if (padding == Padding::same) {
    const std::int64_t output = (std::int64_t{input} + stride - 1) / stride;
    const std::int64_t padded = std::max<std::int64_t>((output - 1) * stride + covered - input, 0);
    if (padded > std::numeric_limits<int>::max() / 4) {
      throw Error(ErrorKind::config, std::string("the window's ") + side + " is too large");
    }
    return {static_cast<int>(output), static_cast<int>(padded / 2)};
  }
  const std::int64_t fitting = input - covered + 1;
  if (fitting <= 0) {
    const std::string name = side;
    throw Error(ErrorKind::config, "a window of " + name + " " + std::to_string(covered) +
                                       " does not fit an input of " + name + " " +
                                       std::to_string(input) + " with padding \"valid\"");
  }
  return {static_cast<int>((fitting + stride - 1) / stride), 0};
}

}  // namespace

bool Window::is_identity() const {
  return taps() == 1 && strides[0] == 1 && strides[1] == 1 && pad_top == 0 && pad_left == 0;
}

Window make_window(const Shape& input, const WindowSpec& spec) {
  const Extent vertical = extent(input.height, spec.kernel_size[0], spec.strides[0],
                                 spec.dilation_rate[0], spec.padding, "height");
  const Extent horizontal = extent(input.width, spec.kernel_size[1], spec.strides[1],
                                   spec.dilation_rate[1], spec.padding, "width");
  const std::int64_t taps = std::int64_t{spec.kernel_size[0]} * spec.kernel_size[1];
  if (taps > std::numeric_limits<int>::max() / std::max(1, input.channels)) {
    throw Error(ErrorKind::config, "the window covers too many inputs");
  }
  if (std::int64_t{vertical.output} * horizontal.output > std::numeric_limits<int>::max()) {
    throw Error(ErrorKind::config, "the output is too large");
  }
  return Window{input,        vertical.output,    horizontal.output,   spec.kernel_size,
                spec.strides, spec.dilation_rate, vertical.pad_before, horizontal.pad_before};
}

int tile_rows(const Window& window) {
  const std::int64_t row_floats = std::int64_t{window.output_width} * window.depth();
  return static_cast<int>(
      std::clamp<std::int64_t>(kTileFloats / row_floats, 1, window.output_height));
}

}  // namespace bnn
