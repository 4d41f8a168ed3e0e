#pragma once
// Depthwise, separable and transposed convolutions as plain loops in double, from their formulas
// alone, with every estimator of naive_layers.h.

#include <algorithm>
#include <optional>
#include <string>

#include "support/layer_fixture.h"
#include "support/naive_layers.h"

namespace bnn::testing {

/// The keys of a window, each after a comma.
inline std::string window_keys(const NaiveWindow& w) {
  return pair_text("kernel_size", w.kernel) + pair_text("strides", w.strides) +
         pair_text("dilation_rate", w.dilation) + ", \"padding\": \"" +
         (w.padding == Padding::same ? "same" : "valid") + "\"";
}

inline std::string multiplier_key(int multiplier) {
  return ", \"depth_multiplier\": " + std::to_string(multiplier);
}

/// y[p][c m + j] = Σ_t x[p, t][c] w[t][c][j]; `filters` of the window is not read.
inline NaiveMap naive_depthwise_map(const NaiveWindow& w, int multiplier) {
  const auto channels = static_cast<std::size_t>(w.input.channels);
  const auto m = static_cast<std::size_t>(multiplier);
  const auto taps = static_cast<std::size_t>(w.kernel[0] * w.kernel[1]);
  return {w.input.channels, w.input.channels * multiplier, w.input.size(), taps * channels * m,
          [=](const double* image, const double* kernel) {
            Numbers y(w.pixels() * channels * m, 0.0);
            naive_taps(w, [&](std::size_t to, std::size_t tap, std::size_t from) {
              for (std::size_t c = 0; c < channels; ++c) {
                for (std::size_t j = 0; j < m; ++j) {
                  y[(to * channels + c) * m + j] +=
                      image[from * channels + c] * kernel[(tap * channels + c) * m + j];
                }
              }
            });
            return y;
          }};
}

/// Along one dimension of a transposed convolution: how many numbers the output has, and how many
/// of those that the inputs spread to are cut off before it. Keras says the first
/// (deconv_output_length), TensorFlow the second.
struct NaiveSpread {
  int output, cut;
};

inline NaiveSpread naive_spread(int input, int kernel, int stride, int dilation, Padding padding,
                                std::optional<int> output_padding) {
  const int covered = kernel + (kernel - 1) * (dilation - 1);
  int output = input * stride;
  if (output_padding) {
    const int pad = padding == Padding::same ? covered / 2 : 0;
    output = (input - 1) * stride + covered - 2 * pad + *output_padding;
  } else if (padding == Padding::valid) {
    output += std::max(covered - stride, 0);
  }
  const int spread = (input - 1) * stride + covered;
  return {output, padding == Padding::same ? std::max(spread - output, 0) / 2 : 0};
}

/// Every input pixel spreads over a window of outputs, with weights [tap][filter][channel]. The
/// window's input is the layer's.
struct NaiveTranspose {
  NaiveWindow w;
  std::optional<std::array<int, 2>> output_padding = {};

  NaiveSpread spread(std::size_t d) const {
    const std::optional<int> more =
        output_padding ? std::optional((*output_padding)[d]) : std::nullopt;
    return naive_spread(d == 0 ? w.input.height : w.input.width, w.kernel[d], w.strides[d],
                        w.dilation[d], w.padding, more);
  }
  Shape output() const { return {spread(0).output, spread(1).output, w.filters}; }

  NaiveMap map() const {
    const NaiveTranspose self = *this;
    const int weights = w.kernel[0] * w.kernel[1] * w.filters * w.input.channels;
    return {
        w.input.channels, w.filters, w.input.size(), static_cast<std::size_t>(weights),
        [self](const double* image, const double* kernel) { return self.apply(image, kernel); }};
  }

  Numbers apply(const double* image, const double* kernel) const {
    const NaiveSpread rows = spread(0), columns = spread(1);
    const int channels = w.input.channels;
    Numbers y(output().size(), 0.0);
    for (int pixel = 0; pixel < w.input.height * w.input.width; ++pixel) {
      for (int tap = 0; tap < w.kernel[0] * w.kernel[1]; ++tap) {
        const int row =
            pixel / w.input.width * w.strides[0] + tap / w.kernel[1] * w.dilation[0] - rows.cut;
        const int column =
            pixel % w.input.width * w.strides[1] + tap % w.kernel[1] * w.dilation[1] - columns.cut;
        if (row < 0 || row >= rows.output || column < 0 || column >= columns.output) continue;
        for (int f = 0; f < w.filters; ++f) {
          for (int c = 0; c < channels; ++c) {
            y[static_cast<std::size_t>((row * columns.output + column) * w.filters + f)] +=
                image[pixel * channels + c] * kernel[(tap * w.filters + f) * channels + c];
          }
        }
      }
    }
    return y;
  }
};

/// A layer of one map whose kernel is `tensor`, with bias and activation.
inline NaiveLayer naive_map_layer(const NaiveMap& map, const std::string& tensor,
                                  const std::string& activation, const ParameterLayout& layout,
                                  const NaivePass& pass, NaiveEstimator estimator) {
  return [=, &layout](const NaiveState& state) {
    const NaiveTensor kernel(layout, state, tensor), bias(layout, state, "bias");
    Numbers outputs;
    for (std::size_t b = 0; b * map.image < state.inputs[0].size(); ++b) {
      Numbers y =
          naive_mapped(map, estimator, pass, b, state.inputs[0].data() + b * map.image, kernel);
      naive_finish(bias, pass, activation, static_cast<std::size_t>(map.filters), y);
      outputs.insert(outputs.end(), y.begin(), y.end());
    }
    return outputs;
  };
}

/// A depthwise convolution, then a 1x1 convolution with noise of its own, bias and activation.
inline NaiveLayer naive_separable_layer(const NaiveWindow& w, int multiplier,
                                        const std::string& activation,
                                        const ParameterLayout& layout, const NaivePass& pass,
                                        NaiveEstimator estimator) {
  const NaiveMap depthwise = naive_depthwise_map(w, multiplier);
  const NaiveMap pointwise = naive_conv_map(
      {{w.rows().output, w.columns().output, w.input.channels * multiplier}, w.filters});
  NaivePass second = pass;
  second.layer += 1u << 23;
  return [=, &layout](const NaiveState& state) {
    const NaiveTensor first_kernel(layout, state, "depthwise_kernel");
    const NaiveTensor second_kernel(layout, state, "pointwise_kernel");
    const NaiveTensor bias(layout, state, "bias");
    Numbers outputs;
    for (std::size_t b = 0; b * depthwise.image < state.inputs[0].size(); ++b) {
      const Numbers between =
          naive_mapped(depthwise, estimator, pass, b, state.inputs[0].data() + b * depthwise.image,
                       first_kernel);
      Numbers y = naive_mapped(pointwise, estimator, second, b, between.data(), second_kernel);
      naive_finish(bias, pass, activation, static_cast<std::size_t>(w.filters), y);
      outputs.insert(outputs.end(), y.begin(), y.end());
    }
    return outputs;
  };
}

}  // namespace bnn::testing
