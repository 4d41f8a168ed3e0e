#pragma once
// Layers as plain loops in double, written from the formulas alone: the reference that the tests of
// the numerical layers compare with. Slow, obvious, and independent of the code under test: the one
// thing shared with it are the streams of noise, whose names are part of the contract. Flipout is
//
//     y_b = f(conv(x_b, M) + r_b ∘ conv(s_b ∘ x_b, D) + bias)
//
// with one sign of s_b an input channel and one of r_b a filter, the same at every pixel;
// naive_noisy_map has the other estimators.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <functional>
#include <numbers>
#include <string>
#include <vector>

#include "bnn/bayes/flipout.h"
#include "bnn/bayes/parameter_layout.h"
#include "bnn/core/shape.h"
#include "bnn/math/window.h"

namespace bnn::testing {

using Numbers = std::vector<double>;

struct NaiveExtent {
  int output, before, after;
};

/// Output size and padding along one dimension, as TensorFlow defines them.
inline NaiveExtent naive_extent(int input, int kernel, int stride, int dilation, Padding padding) {
  const int covered = (kernel - 1) * dilation + 1;
  if (padding == Padding::valid) {
    int output = 0;
    while (output * stride + covered <= input) ++output;
    return {output, 0, 0};
  }
  const int output = (input + stride - 1) / stride;
  const int total = std::max((output - 1) * stride + covered - input, 0);
  return {output, total / 2, total - total / 2};
}

/// A window over an image, for convolution and pooling.
struct NaiveWindow {
  Shape input;
  int filters = 1;
  std::array<int, 2> kernel{1, 1}, strides{1, 1}, dilation{1, 1};
  Padding padding = Padding::valid;

  NaiveExtent rows() const {
    return naive_extent(input.height, kernel[0], strides[0], dilation[0], padding);
  }
  NaiveExtent columns() const {
    return naive_extent(input.width, kernel[1], strides[1], dilation[1], padding);
  }
  std::size_t pixels() const {
    return static_cast<std::size_t>(rows().output) * static_cast<std::size_t>(columns().output);
  }
};

/// The same choices as the code under test takes them.
inline WindowSpec window_spec(const NaiveWindow& w) {
  return {w.kernel, w.strides, w.dilation, w.padding};
}

/// Kernels of 1, 2, 3, 5 and non-square ones, strides or dilations up to 3, both paddings, odd and
/// even sides; some do not fit, and then give no output.
inline std::vector<NaiveWindow> window_grid() {
  const std::array<int, 2> kernels[] = {{1, 1}, {2, 2}, {3, 3}, {5, 5}, {1, 3}, {5, 2}};
  const std::array<int, 2> steps[][2] = {{{1, 1}, {1, 1}}, {{2, 2}, {1, 1}}, {{3, 3}, {1, 1}},
                                         {{2, 1}, {1, 1}}, {{1, 3}, {1, 1}}, {{1, 1}, {2, 2}},
                                         {{1, 1}, {1, 3}}, {{1, 1}, {3, 2}}};
  std::vector<NaiveWindow> grid;
  for (const Shape& input : {Shape{8, 8}, Shape{7, 9}, Shape{5, 6}, Shape{4, 3}}) {
    for (const auto& kernel : kernels) {
      for (const auto& [strides, dilation] : steps) {
        for (const Padding padding : {Padding::valid, Padding::same}) {
          grid.push_back({input, 1, kernel, strides, dilation, padding});
        }
      }
    }
  }
  return grid;
}

/// Calls visit(output pixel, tap, input pixel) for every tap that lies inside the image.
template <typename Visit>
void naive_taps(const NaiveWindow& w, const Visit& visit) {
  const NaiveExtent rows = w.rows(), columns = w.columns();
  for (int oy = 0; oy < rows.output; ++oy) {
    for (int ox = 0; ox < columns.output; ++ox) {
      for (int ky = 0; ky < w.kernel[0]; ++ky) {
        for (int kx = 0; kx < w.kernel[1]; ++kx) {
          const int y = oy * w.strides[0] + ky * w.dilation[0] - rows.before;
          const int x = ox * w.strides[1] + kx * w.dilation[1] - columns.before;
          if (y < 0 || y >= w.input.height || x < 0 || x >= w.input.width) continue;
          visit(static_cast<std::size_t>(oy * columns.output + ox),
                static_cast<std::size_t>(ky * w.kernel[1] + kx),
                static_cast<std::size_t>(y * w.input.width + x));
        }
      }
    }
  }
}

/// Cross-correlation of one image with a kernel [ky][kx][channel][filter].
inline Numbers naive_conv(const NaiveWindow& w, const double* image, const double* kernel) {
  const auto channels = static_cast<std::size_t>(w.input.channels);
  const auto filters = static_cast<std::size_t>(w.filters);
  Numbers output(w.pixels() * filters, 0.0);
  naive_taps(w, [&](std::size_t to, std::size_t tap, std::size_t from) {
    for (std::size_t c = 0; c < channels; ++c) {
      for (std::size_t f = 0; f < filters; ++f) {
        output[to * filters + f] +=
            image[from * channels + c] * kernel[(tap * channels + c) * filters + f];
      }
    }
  });
  return output;
}

/// The maximum over, or the mean of, the cells inside the image.
inline Numbers naive_pool(const NaiveWindow& w, bool maximum, const double* image) {
  const auto channels = static_cast<std::size_t>(w.input.channels);
  Numbers output(w.pixels() * channels, maximum ? -HUGE_VAL : 0.0);
  Numbers count(w.pixels(), 0.0);
  naive_taps(w, [&](std::size_t to, std::size_t, std::size_t from) {
    ++count[to];
    for (std::size_t c = 0; c < channels; ++c) {
      double& y = output[to * channels + c];
      const double x = image[from * channels + c];
      y = maximum ? std::max(y, x) : y + x;
    }
  });
  for (std::size_t i = 0; !maximum && i < output.size(); ++i) output[i] /= count[i / channels];
  return output;
}

inline double naive_activation(const std::string& name, double z) {
  if (name == "linear") return z;
  if (name == "relu") return std::max(z, 0.0);
  if (name == "leaky_relu") return z > 0 ? z : 0.2 * z;
  if (name == "elu") return z > 0 ? z : std::exp(z) - 1;
  if (name == "selu") {
    return 1.0507009873554805 * (z > 0 ? z : 1.6732632423543772 * (std::exp(z) - 1));
  }
  if (name == "gelu") return z / 2 * std::erfc(-z / std::numbers::sqrt2);
  if (name == "swish") return z / (1 + std::exp(-z));
  if (name == "tanh") return std::tanh(z);
  if (name == "sigmoid") return 1 / (1 + std::exp(-z));
  if (name == "softplus") return z > 0 ? z + std::log1p(std::exp(-z)) : std::log1p(std::exp(z));
  return std::nan("");
}

/// What a layer reads: flat arrays of one layout, and its inputs [example][input shape].
struct NaiveState {
  Numbers parameters, draws;
  std::vector<Numbers> inputs;
};

/// A layer as a function of its state, all noise frozen.
using NaiveLayer = std::function<Numbers(const NaiveState&)>;

/// Element 0 of a variable of `layer` in a flat array, or null if there is no such variable.
inline const double* naive_variable(const ParameterLayout& layout, const Numbers& array,
                                    const std::string& name) {
  for (const Variable& variable : layout.variables()) {
    if (variable.name == name) return array.data() + variable.slice.offset;
  }
  return nullptr;
}

struct NaiveTensor {
  const double* mean;   // null: no such tensor
  const double* drawn;  // null: a point

  NaiveTensor(const ParameterLayout& layout, const NaiveState& state, const std::string& tensor)
      : mean(naive_variable(layout, state.parameters, "layer/" + tensor)),
        drawn(naive_variable(layout, state.draws,
                             "layer/" + tensor + "_posterior_untransformed_scale")) {
    if (mean == nullptr) {
      mean = naive_variable(layout, state.parameters, "layer/" + tensor + "_posterior_loc");
    }
  }
};

/// The noise of one pass as a layer sees it.
struct NaivePass {
  PassNoise noise;
  std::uint32_t layer = 0;
  bool noisy = true;  // false: the means alone

  Stream stream(Site training, Site predicting, std::size_t b) const {
    const Site site = noise.predicting ? predicting : training;
    return {noise.seed, site, layer, noise.step, noise.examples[b]};
  }
  std::vector<float> signs(Site site, std::size_t b, int count) const {
    std::vector<float> signs(static_cast<std::size_t>(count));
    fill_signs({noise.seed, site, layer, noise.step, noise.examples[b]}, 0, signs);
    return signs;
  }
  Numbers normals(Site training, Site predicting, std::size_t b, std::size_t count) const {
    std::vector<float> numbers(count);
    fill_normal(stream(training, predicting, b), 0, numbers);
    return {numbers.begin(), numbers.end()};
  }
};

/// What a layer does with what was drawn for its kernel.
enum class NaiveEstimator { flipout, reparameterization, local_reparameterization, independent };

/// A function of an image and a kernel that is linear in both.
struct NaiveMap {
  int channels, filters;       // of the image, of the output
  std::size_t image, weights;  // numbers of the image, of the kernel
  std::function<Numbers(const double* image, const double* kernel)> apply;
};

inline NaiveMap naive_conv_map(const NaiveWindow& w) {
  const int weights = w.kernel[0] * w.kernel[1] * w.input.channels * w.filters;
  return {w.input.channels, w.filters, w.input.size(), static_cast<std::size_t>(weights),
          [w](const double* image, const double* kernel) { return naive_conv(w, image, kernel); }};
}

/// One image's map under an estimator, before bias and activation, for a convolution:
///     flipout                   conv(x, M) + r ∘ conv(s ∘ x, D)
///     reparameterization        conv(x, W), W drawn once
///     local_reparameterization  conv(x, M) + sqrt(conv(x², S²)) ∘ z, z an output
///     independent               conv(x, M + S ∘ e), e a weight of this example
inline Numbers naive_noisy_map(const NaiveMap& map, NaiveEstimator estimator, const NaivePass& pass,
                               std::size_t b, const double* image, const NaiveTensor& kernel) {
  if (estimator == NaiveEstimator::reparameterization) return map.apply(image, kernel.drawn);
  Numbers y = map.apply(image, kernel.mean);
  if (estimator == NaiveEstimator::independent) {
    Numbers own = pass.normals(Site::example_weight_noise, Site::predict_example_weight_noise, b,
                               map.weights);
    for (std::size_t i = 0; i < own.size(); ++i) {
      own[i] = kernel.mean[i] + kernel.drawn[i] * own[i];
    }
    return map.apply(image, own.data());
  }
  if (estimator == NaiveEstimator::local_reparameterization) {
    Numbers squares(image, image + map.image);
    Numbers variances(kernel.drawn, kernel.drawn + map.weights);
    for (double& x : squares) x *= x;
    for (double& x : variances) x *= x;
    const Numbers variance = map.apply(squares.data(), variances.data());
    const Numbers z =
        pass.normals(Site::output_noise, Site::predict_output_noise, b, variance.size());
    for (std::size_t i = 0; i < y.size(); ++i) y[i] += std::sqrt(variance[i]) * z[i];
    return y;
  }
  const bool predicts = pass.noise.predicting;
  const auto s =
      pass.signs(predicts ? Site::predict_sign_input : Site::sign_input, b, map.channels);
  const auto r =
      pass.signs(predicts ? Site::predict_sign_output : Site::sign_output, b, map.filters);
  Numbers flipped(image, image + map.image);
  for (std::size_t i = 0; i < flipped.size(); ++i) flipped[i] *= s[i % s.size()];
  const Numbers perturbed = map.apply(flipped.data(), kernel.drawn);
  for (std::size_t i = 0; i < y.size(); ++i) y[i] += r[i % r.size()] * perturbed[i];
  return y;
}

/// The same where the pass may have no noise, and the kernel no scale.
inline Numbers naive_mapped(const NaiveMap& map, NaiveEstimator estimator, const NaivePass& pass,
                            std::size_t b, const double* image, const NaiveTensor& kernel) {
  const bool is_noisy = pass.noisy && kernel.drawn != nullptr;
  return is_noisy ? naive_noisy_map(map, estimator, pass, b, image, kernel)
                  : map.apply(image, kernel.mean);
}

/// Adds the bias to z [pixels][filters] and applies the activation.
inline void naive_finish(const NaiveTensor& bias, const NaivePass& pass,
                         const std::string& activation, std::size_t filters, Numbers& z) {
  const double* added = pass.noisy && bias.drawn != nullptr ? bias.drawn : bias.mean;
  for (std::size_t i = 0; i < z.size(); ++i) {
    z[i] = naive_activation(activation, added == nullptr ? z[i] : z[i] + added[i % filters]);
  }
}

/// A convolution layer, deterministic or under an estimator. A dense layer is one over a 1 x 1
/// image.
/// @param uses_mean the kernel is its mean in every pass, though it has a scale
inline NaiveLayer naive_weights_layer(const NaiveWindow& w, const std::string& activation,
                                      const ParameterLayout& layout, const NaivePass& pass,
                                      NaiveEstimator estimator = NaiveEstimator::flipout,
                                      bool uses_mean = false) {
  return [=, &layout](const NaiveState& state) {
    const NaiveTensor kernel(layout, state, "kernel"), bias(layout, state, "bias");
    const NaiveMap map = naive_conv_map(w);
    NaivePass kernel_pass = pass;
    kernel_pass.noisy = pass.noisy && !uses_mean;
    Numbers outputs;
    for (std::size_t b = 0; b * map.image < state.inputs[0].size(); ++b) {
      const double* image = state.inputs[0].data() + b * map.image;
      Numbers y = naive_mapped(map, estimator, kernel_pass, b, image, kernel);
      naive_finish(bias, pass, activation, static_cast<std::size_t>(w.filters), y);
      outputs.insert(outputs.end(), y.begin(), y.end());
    }
    return outputs;
  };
}

}  // namespace bnn::testing
