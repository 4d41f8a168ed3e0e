#pragma once
// A flipout network and its training step in plain loops and double precision, written from the
// formulas: the reference for trainer and predictor.
//
// Layers are convolutions with stride 1, `same` padding and an odd square kernel; a dense layer is
// one over a 1 x 1 image. Random numbers come from the streams that random.h documents.

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "bnn/train/trainer.h"
#include "support/model_fixtures.h"

namespace bnn::testing {

using Flat = std::vector<double>;  // an array of a ParameterLayout, or activations

struct NaiveFlipoutLayer {
  std::string name;
  std::uint32_t node;  // its position in the graph: names the sign streams
  int height, width, channels, filters, kernel;
  bool tanh;
};

/// A dense layer.
inline NaiveFlipoutLayer naive_dense(const std::string& name, std::uint32_t node, int inputs,
                                     int units, bool tanh) {
  return {name, node, 1, 1, inputs, units, 1, tanh};
}

/// The names of the noise of one pass.
struct NaiveNetworkPass {
  std::uint64_t seed = 0;
  std::uint32_t draw = 0;
  Site weights = Site::weight_noise, input = Site::sign_input, output = Site::sign_output;
  bool noise = true;
};

class NaiveFlipout {
 public:
  NaiveFlipout(const Graph& graph, std::vector<NaiveFlipoutLayer> layers)
      : graph_(graph),
        layers_(std::move(layers)),
        noise_(graph.layout().size()),
        perturbation_(graph.layout().size()) {}

  /// Draws the perturbation of all random tensors at once.
  void draw(const Flat& parameters, const NaiveNetworkPass& pass) {
    pass_ = pass;
    for (const RandomTensor& tensor : graph_.layout().random_tensors()) {
      const Slice slice = graph_.layout().variables()[tensor.untransformed_scale].slice;
      std::vector<float> normal(slice.size);
      const auto index = static_cast<std::uint32_t>(tensor.untransformed_scale);
      fill_normal({pass.seed, pass.weights, index, pass.draw, 0}, 0, normal);
      for (std::size_t i = 0; i < slice.size; ++i) {
        const std::size_t at = slice.offset + i;
        noise_[at] = pass.noise ? static_cast<double>(normal[i]) : 0.0;
        perturbation_[at] = noise_[at] * sigma(parameters[at]);
      }
    }
  }

  /// The logits of one image under the last draw. `name` is the example's number in sign streams.
  Flat forward(const Flat& parameters, const Flat& image, std::uint32_t name) {
    activations_ = {image};
    signs_.clear();
    for (const NaiveFlipoutLayer& layer : layers_) {
      const Weights w = weights(layer);
      signs_.push_back({signs(pass_.input, layer, layer.channels, name),
                        signs(pass_.output, layer, layer.filters, name)});
      const auto &s = signs_.back().first, &r = signs_.back().second;
      const Flat& x = activations_.back();
      Flat y(count(layer.height, layer.width) * static_cast<std::size_t>(layer.filters));
      for_each_product(layer, [&](std::size_t in, std::size_t weight, std::size_t out,
                                  std::size_t channel, std::size_t filter) {
        y[out] += x[in] * (parameters[w.loc + weight] +
                           s[channel] * r[filter] * perturbation_[w.scale + weight]);
      });
      for (std::size_t i = 0; i < y.size(); ++i) {
        const std::size_t filter = i % static_cast<std::size_t>(layer.filters);
        y[i] += parameters[w.bias + filter];
        if (w.has_bias_scale) y[i] += perturbation_[w.bias_scale + filter];
        if (layer.tanh) y[i] = std::tanh(y[i]);
      }
      activations_.push_back(std::move(y));
    }
    return activations_.back();
  }

  /// Adds the last image's gradient, for the perturbation in the slices of the scales.
  void backward(const Flat& parameters, Flat output_gradient, Flat& gradient) const {
    for (std::size_t l = layers_.size(); l-- > 0;) {
      const NaiveFlipoutLayer& layer = layers_[l];
      const Weights w = weights(layer);
      const auto &s = signs_[l].first, &r = signs_[l].second;
      const Flat &x = activations_[l], &y = activations_[l + 1];
      Flat dx(x.size());
      for (std::size_t i = 0; i < y.size(); ++i) {
        if (layer.tanh) output_gradient[i] *= 1.0 - y[i] * y[i];
        const std::size_t filter = i % static_cast<std::size_t>(layer.filters);
        gradient[w.bias + filter] += output_gradient[i];
        if (w.has_bias_scale) gradient[w.bias_scale + filter] += output_gradient[i];
      }
      for_each_product(layer, [&](std::size_t in, std::size_t weight, std::size_t out,
                                  std::size_t channel, std::size_t filter) {
        const double sign = s[channel] * r[filter];
        gradient[w.loc + weight] += x[in] * output_gradient[out];
        gradient[w.scale + weight] += sign * x[in] * output_gradient[out];
        dx[in] += output_gradient[out] *
                  (parameters[w.loc + weight] + sign * perturbation_[w.scale + weight]);
      });
      output_gradient = std::move(dx);
    }
  }

  /// Turns the gradient for the perturbation into that for the untransformed scale.
  void to_scale_gradient(const Flat& parameters, Flat& gradient) const {
    for (const RandomTensor& tensor : graph_.layout().random_tensors()) {
      const Slice slice = graph_.layout().variables()[tensor.untransformed_scale].slice;
      for (std::size_t i = slice.offset; i < slice.offset + slice.size; ++i) {
        gradient[i] *= noise_[i] / (1.0 + std::exp(-parameters[i]));
      }
    }
  }

  /// The KL of all tensors; adds weight times its gradient for those that are trained.
  double add_kl(const Flat& parameters, double weight, Flat& gradient) const {
    double kl = 0.0;
    for (const RandomTensor& tensor : graph_.layout().random_tensors()) {
      if (!tensor.prior) continue;
      const Variable& loc = graph_.layout().variables()[tensor.loc];
      const std::size_t mu_at = loc.slice.offset;
      const std::size_t u_at = graph_.layout().variables()[tensor.untransformed_scale].slice.offset;
      const double s = tensor.prior->scale, m = tensor.prior->loc;
      for (std::size_t i = 0; i < loc.slice.size; ++i) {
        const double mu = parameters[mu_at + i], u = parameters[u_at + i], q = sigma(u);
        kl += std::log(s / q) + (q * q + (mu - m) * (mu - m)) / (2 * s * s) - 0.5;
        if (!loc.trainable) continue;
        gradient[mu_at + i] += weight * (mu - m) / (s * s);
        gradient[u_at + i] += weight * (q / (s * s) - 1 / q) / (1 + std::exp(-u));
      }
    }
    return kl;
  }

  static double sigma(double u) { return 0x1p-23 + std::log1p(std::exp(u)); }

 private:
  struct Weights {
    std::size_t loc, scale, bias, bias_scale;
    bool has_bias_scale;
  };

  static std::size_t count(int a, int b) {
    return static_cast<std::size_t>(a) * static_cast<std::size_t>(b);
  }

  Weights weights(const NaiveFlipoutLayer& layer) const {
    const ParameterLayout& layout = graph_.layout();
    const auto offset = [&](const std::string& variable) {
      return layout.variables()[variable_index(layout, layer.name + variable)].slice.offset;
    };
    const std::string scale = layer.name + "/bias_posterior_untransformed_scale";
    const bool has_scale = std::any_of(layout.variables().begin(), layout.variables().end(),
                                       [&](const Variable& v) { return v.name == scale; });
    return {offset("/kernel_posterior_loc"), offset("/kernel_posterior_untransformed_scale"),
            offset("/bias_posterior_loc"),
            has_scale ? offset("/bias_posterior_untransformed_scale") : 0, has_scale};
  }

  Flat signs(Site site, const NaiveFlipoutLayer& layer, int size, std::uint32_t name) const {
    std::vector<float> drawn(static_cast<std::size_t>(size));
    fill_signs({pass_.seed, site, layer.node, pass_.draw, name}, 0, drawn);
    return {drawn.begin(), drawn.end()};
  }

  // Calls product(input, weight, output, channel, filter) for every multiplication of the layer.
  template <typename Product>
  static void for_each_product(const NaiveFlipoutLayer& l, const Product& product) {
    const int pad = l.kernel / 2;
    for (int pixel = 0; pixel < l.height * l.width; ++pixel) {
      for (int tap = 0; tap < l.kernel * l.kernel; ++tap) {
        const int row = pixel / l.width + tap / l.kernel - pad;
        const int column = pixel % l.width + tap % l.kernel - pad;
        if (row < 0 || row >= l.height || column < 0 || column >= l.width) continue;
        for (int c = 0; c < l.channels; ++c) {
          for (int f = 0; f < l.filters; ++f) {
            product(static_cast<std::size_t>((row * l.width + column) * l.channels + c),
                    static_cast<std::size_t>((tap * l.channels + c) * l.filters + f),
                    static_cast<std::size_t>(pixel * l.filters + f), static_cast<std::size_t>(c),
                    static_cast<std::size_t>(f));
          }
        }
      }
    }
  }

  const Graph& graph_;
  std::vector<NaiveFlipoutLayer> layers_;
  NaiveNetworkPass pass_;
  Flat noise_, perturbation_;
  std::vector<Flat> activations_;
  std::vector<std::pair<Flat, Flat>> signs_;
};

/// The probabilities of a vector of logits.
inline Flat naive_softmax(Flat z) {
  const double most = *std::max_element(z.begin(), z.end());
  double sum = 0.0;
  for (double& value : z) sum += value = std::exp(value - most);
  for (double& value : z) value /= sum;
  return z;
}

/// An example's pixels from 0 to 1.
inline Flat naive_image(const Dataset& data, std::uint32_t example) {
  Flat image;
  for (std::size_t i = 0; i < data.shape().size(); ++i)
    image.push_back(data.image(example)[i] / 255.0);
  return image;
}

}  // namespace bnn::testing
