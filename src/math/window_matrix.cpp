#include <algorithm>

#include "bnn/math/window.h"

namespace bnn {
namespace {

// The image that the windows cover, with its padding.
struct Covered {
  int height, width;

  // Only where taps lie side by side.
  explicit Covered(const Window& window)
      : height((window.output_height - 1) * window.strides[0] + window.kernel_size[0]),
        width((window.output_width - 1) * window.strides[1] + window.kernel_size[1]) {}

  bool is_padded(const Window& window) const {
    return window.pad_top > 0 || window.pad_left > 0 || height > window.input.height ||
           width > window.input.width;
  }
};

std::size_t product(int a, int b) {
  return static_cast<std::size_t>(a) * static_cast<std::size_t>(b);
}

}  // namespace

bool has_window_matrix(const Window& window) {
  const auto lies_dense = [&](int i) {
    return window.dilation_rate[static_cast<std::size_t>(i)] == 1 ||
           window.kernel_size[static_cast<std::size_t>(i)] == 1;
  };
  return lies_dense(0) && lies_dense(1);
}

std::size_t padded_size(const Window& window) {
  if (!has_window_matrix(window)) return 0;
  const Covered covered(window);
  if (!covered.is_padded(window)) return 0;
  return product(covered.height, covered.width) * static_cast<std::size_t>(window.input.channels);
}

const float* pad_image(const Window& window, const float* image, float* memory) {
  const Covered covered(window);
  if (!covered.is_padded(window)) return image;
  const std::size_t image_row = product(window.input.width, window.input.channels);
  const std::size_t row = product(covered.width, window.input.channels);
  const std::size_t left = product(window.pad_left, window.input.channels);
  const std::size_t copied = std::min(image_row, row - left);
  float* to = memory;
  for (int y = 0; y < covered.height; ++y, to += row) {
    const int from = y - window.pad_top;
    if (from < 0 || from >= window.input.height) {
      std::fill_n(to, row, 0.0f);
      continue;
    }
    std::fill_n(to, left, 0.0f);
    std::copy_n(image + product(from, 1) * image_row, copied, to + left);
    std::fill_n(to + left + copied, row - left - copied, 0.0f);
  }
  return memory;
}

WindowMatrix window_matrix(const Window& window, const float* padded, int first_row, int last_row) {
  const Covered covered(window);
  const std::ptrdiff_t channels = window.input.channels;
  const std::ptrdiff_t row =
      (covered.is_padded(window) ? covered.width : window.input.width) * channels;
  const std::ptrdiff_t line = window.strides[0] * row;
  return {padded + first_row * line,
          last_row - first_row,
          window.output_width,
          line,
          window.strides[1] * channels,
          window.kernel_size[0],
          window.kernel_size[1] * window.input.channels,
          row};
}

}  // namespace bnn
