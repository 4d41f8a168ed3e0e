#include "bnn/math/window.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
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

// Calls copy(tap_offset, input_offset, count) for each contiguous run of inputs under the window at
// output (y, x); offsets and counts in floats. Taps outside the image are not visited.
template <typename Copy>
void visit_runs(const Window& window, int y, int x, const Copy& copy) {
  const auto channels = static_cast<std::size_t>(window.input.channels);
  const auto width = static_cast<std::size_t>(window.input.width);
  const int top = y * window.strides[0] - window.pad_top;
  const int left = x * window.strides[1] - window.pad_left;
  const int dilation = window.dilation_rate[1];
  const int kernel_width = window.kernel_size[1];
  for (int ky = 0; ky < window.kernel_size[0]; ++ky) {
    const int row = top + ky * window.dilation_rate[0];
    if (row < 0 || row >= window.input.height) continue;
    const std::size_t row_offset = static_cast<std::size_t>(row) * width;
    const auto tap_row = static_cast<std::size_t>(ky) * static_cast<std::size_t>(kernel_width);
    if (dilation == 1) {
      const int first = std::max(0, -left);
      const int last = std::min(kernel_width, window.input.width - left);
      if (first >= last) continue;
      copy((tap_row + static_cast<std::size_t>(first)) * channels,
           (row_offset + static_cast<std::size_t>(left + first)) * channels,
           static_cast<std::size_t>(last - first) * channels);
      continue;
    }
    for (int kx = 0; kx < kernel_width; ++kx) {
      const int column = left + kx * dilation;
      if (column < 0 || column >= window.input.width) continue;
      copy((tap_row + static_cast<std::size_t>(kx)) * channels,
           (row_offset + static_cast<std::size_t>(column)) * channels, channels);
    }
  }
}

// True if the whole window at output (y, x) lies inside the image.
bool is_inside(const Window& window, int y, int x) {
  const int top = y * window.strides[0] - window.pad_top;
  const int left = x * window.strides[1] - window.pad_left;
  return top >= 0 && left >= 0 &&
         top + (window.kernel_size[0] - 1) * window.dilation_rate[0] < window.input.height &&
         left + (window.kernel_size[1] - 1) * window.dilation_rate[1] < window.input.width;
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

void im2col(const Window& window, const float* image, int first_row, int last_row, float* columns) {
  const auto depth = static_cast<std::size_t>(window.depth());
  for (int y = first_row; y < last_row; ++y) {
    for (int x = 0; x < window.output_width; ++x, columns += depth) {
      if (!is_inside(window, y, x)) std::memset(columns, 0, depth * sizeof(float));
      visit_runs(window, y, x, [&](std::size_t tap, std::size_t input, std::size_t count) {
        const float* from = image + input;
        float* to = columns + tap;
        for (std::size_t i = 0; i < count; ++i) to[i] = from[i];
      });
    }
  }
}

void add_col2im(const Window& window, const float* columns, int first_row, int last_row,
                float* image) {
  const auto depth = static_cast<std::size_t>(window.depth());
  for (int y = first_row; y < last_row; ++y) {
    for (int x = 0; x < window.output_width; ++x, columns += depth) {
      visit_runs(window, y, x, [&](std::size_t tap, std::size_t input, std::size_t count) {
        const float* from = columns + tap;
        float* to = image + input;
        for (std::size_t i = 0; i < count; ++i) to[i] += from[i];
      });
    }
  }
}

int tile_rows(const Window& window) {
  const std::int64_t row_floats = std::int64_t{window.output_width} * window.depth();
  return static_cast<int>(
      std::clamp<std::int64_t>(kTileFloats / row_floats, 1, window.output_height));
}

}  // namespace bnn
