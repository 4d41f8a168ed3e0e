#include "bnn/math/depthwise.h"

#include <algorithm>
#include <cstring>
#include <type_traits>

#include "bnn/core/vector_loop.h"

namespace bnn {
namespace {

// Channels that are computed together: a few registers.
constexpr std::size_t kChannelBlock = 16;

// The outputs [first, last) along one dimension whose tap lies inside the image.
struct OutputRange {
  int first, last;
};

// @param offset the input under the tap at output 0
OutputRange outputs_with_tap(int offset, int outputs, int stride, int inputs) {
  const int first = offset >= 0 ? 0 : (-offset - 1) / stride + 1;
  const int last = offset >= inputs ? 0 : (inputs - 1 - offset) / stride + 1;
  return {std::min(first, outputs), std::clamp(last, std::min(first, outputs), outputs)};
}

// One tap under `count` neighbouring outputs of a row, as places of channel 0 in the three arrays.
struct TapRow {
  std::size_t input, tap, output;
  int count;
};

// Calls visit(row) for each row of outputs and each tap, taps ascending.
template <typename Visit>
inline void for_each_tap_row(const Window& window, const Visit& visit) {
  const auto channels = static_cast<std::size_t>(window.input.channels);
  const auto place = [channels](int row, int width, int column) {
    return (static_cast<std::size_t>(row) * static_cast<std::size_t>(width) +
            static_cast<std::size_t>(column)) *
           channels;
  };
  for (int y = 0; y < window.output_height; ++y) {
    for (int ky = 0; ky < window.kernel_size[0]; ++ky) {
      const int row = y * window.strides[0] - window.pad_top + ky * window.dilation_rate[0];
      if (row < 0 || row >= window.input.height) continue;
      for (int kx = 0; kx < window.kernel_size[1]; ++kx) {
        const int offset = kx * window.dilation_rate[1] - window.pad_left;
        const OutputRange x =
            outputs_with_tap(offset, window.output_width, window.strides[1], window.input.width);
        if (x.first == x.last) continue;
        visit(TapRow{place(row, window.input.width, x.first * window.strides[1] + offset),
                     place(ky, window.kernel_size[1], kx), place(y, window.output_width, x.first),
                     x.last - x.first});
      }
    }
  }
}

// Calls work(first, size) for blocks of channels. The compiler knows the size of all but the rest.
template <typename Work>
inline void for_each_block(std::size_t channels, const Work& work) {
  std::size_t first = 0;
  for (; first + kChannelBlock <= channels; first += kChannelBlock) {
    work(first, std::integral_constant<std::size_t, kChannelBlock>());
  }
  if (first < channels) work(first, channels - first);
}

// to += from ∘ weights for each of several pixels. Weights are copied, so that they may stay in
// registers.
template <MultiplyAdd kind, typename Size>
inline void add_weighted(const float* from, std::size_t from_step, const float* weights, float* to,
                         std::size_t to_step, int count, Size size) {
  float w[kChannelBlock];
  std::copy_n(weights, std::size_t{size}, w);
  for (int i = 0; i < count; ++i, from += from_step, to += to_step) {
    for (std::size_t c = 0; c < size; ++c) to[c] = multiply_add<kind>(from[c], w[c], to[c]);
  }
}

// sums += a ∘ b over several pixels.
template <MultiplyAdd kind, typename Size>
inline void add_products(const float* a, std::size_t a_step, const float* b, std::size_t b_step,
                         int count, Size size, float* sums) {
  float s[kChannelBlock];
  std::copy_n(sums, std::size_t{size}, s);
  for (int i = 0; i < count; ++i, a += a_step, b += b_step) {
    for (std::size_t c = 0; c < size; ++c) s[c] = multiply_add<kind>(a[c], b[c], s[c]);
  }
  std::copy_n(s, std::size_t{size}, sums);
}

std::size_t input_step(const Window& window) {
  return static_cast<std::size_t>(window.strides[1]) *
         static_cast<std::size_t>(window.input.channels);
}

}  // namespace

void depthwise(const Window& window, const float* image, const float* kernel, float* output) {
  const Window* shape = &window;
  const auto channels = static_cast<std::size_t>(window.input.channels);
  const std::size_t step = input_step(window);
  std::memset(output, 0, static_cast<std::size_t>(window.pixels()) * channels * sizeof(float));
  run_vectorized([=]<MultiplyAdd kind>() {
    for_each_block(channels, [&](std::size_t first, auto size) {
      for_each_tap_row(*shape, [&](const TapRow& row) {
        add_weighted<kind>(image + row.input + first, step, kernel + row.tap + first,
                           output + row.output + first, channels, row.count, size);
      });
    });
  });
}

void add_depthwise_kernel_gradient(const Window& window, const float* image,
                                   const float* output_gradient, float* gradient) {
  const Window* shape = &window;
  const auto channels = static_cast<std::size_t>(window.input.channels);
  const std::size_t step = input_step(window);
  run_vectorized([=]<MultiplyAdd kind>() {
    for_each_block(channels, [&](std::size_t first, auto size) {
      for_each_tap_row(*shape, [&](const TapRow& row) {
        add_products<kind>(image + row.input + first, step, output_gradient + row.output + first,
                           channels, row.count, size, gradient + row.tap + first);
      });
    });
  });
}

void depthwise_image_gradient(const Window& window, const float* output_gradient,
                              const float* kernel, float* image_gradient) {
  const Window* shape = &window;
  const auto channels = static_cast<std::size_t>(window.input.channels);
  const std::size_t step = input_step(window);
  std::memset(image_gradient, 0, window.input.size() * sizeof(float));
  run_vectorized([=]<MultiplyAdd kind>() {
    for_each_block(channels, [&](std::size_t first, auto size) {
      for_each_tap_row(*shape, [&](const TapRow& row) {
        add_weighted<kind>(output_gradient + row.output + first, channels, kernel + row.tap + first,
                           image_gradient + row.input + first, step, row.count, size);
      });
    });
  });
}

void repeat_channels(const float* image, std::size_t size, int times, float* repeated) {
  for (std::size_t i = 0; i < size; ++i, repeated += times) {
    std::fill_n(repeated, times, image[i]);
  }
}

void sum_repeated_channels(const float* repeated, std::size_t size, int times, float* image) {
  for (std::size_t i = 0; i < size; ++i) {
    float sum = 0.0f;
    for (int j = 0; j < times; ++j) sum += *repeated++;
    image[i] = sum;
  }
}

}  // namespace bnn
