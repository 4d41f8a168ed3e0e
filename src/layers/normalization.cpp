#include "bnn/layers/normalization.h"

#include <algorithm>

#include "bnn/layers/read_options.h"
#include "bnn/layers/read_weights.h"

namespace bnn {

NormalizationSpec read_normalization(ObjectReader& reader, double epsilon) {
  NormalizationSpec spec;
  spec.epsilon =
      reader.real("epsilon", {.min = 0.0, .max = 1e6, .fallback = epsilon, .above_min = true});
  spec.activation = read_activation(reader);
  reader.mark([&] {
    const bool center = reader.boolean("center", true);
    const bool scale = reader.boolean("scale", true);
    const VariableSpec beta = read_variable(reader, "beta", "zeros");
    const VariableSpec gamma = read_variable(reader, "gamma", "ones");
    if (center) spec.beta = beta;
    if (scale) spec.gamma = gamma;
  });
  return spec;
}

NormalizationRows::NormalizationRows(std::size_t channels, Scratch& scratch)
    : center(scratch.take(channels)),
      inverse(scratch.take(channels)),
      factor(scratch.take(channels)),
      offset(scratch.take(channels)),
      gradient(scratch.take(channels)),
      product(scratch.take(channels)),
      below(scratch.take(channels)),
      slope(scratch.take(channels)),
      shift(scratch.take(channels)) {}

Normalizer::Normalizer(const NormalizationSpec& spec, const std::string& name, const Shape& shape,
                       ParameterLayout& layout)
    : shape_(shape),
      map_{shape.pixels(), shape.size() / shape.pixels()},
      epsilon_(spec.epsilon),
      activation_(spec.activation) {
  const auto declare = [&](const char* variable, const std::optional<VariableSpec>& options) {
    if (!options) return Slice{};
    return declare_vector(layout, name, variable, map_.channels, *options, spec.trainable);
  };
  gamma_ = declare("gamma", spec.gamma);
  beta_ = declare("beta", spec.beta);
  tau_ = declare("tau", spec.tau);
}

const float* Normalizer::gamma(const Pass& pass) const {
  return gamma_.empty() ? nullptr : pass.parameters + gamma_.offset;
}

std::size_t Normalizer::saved_size() const {
  return 2 * map_.channels + (needs_input(activation_) ? map_.size() : 0);
}

void Normalizer::set_scaling(const Pass& pass, const NormalizationRows& rows) const {
  std::copy_n(rows.inverse, map_.channels, rows.factor);
  if (const float* gammas = gamma(pass)) {
    for (std::size_t c = 0; c < map_.channels; ++c) rows.factor[c] *= gammas[c];
  }
  if (beta_.empty()) {
    std::fill_n(rows.offset, map_.channels, 0.0f);
  } else {
    std::copy_n(pass.parameters + beta_.offset, map_.channels, rows.offset);
  }
}

ChannelScaling Normalizer::scaling(const Pass& pass, const NormalizationRows& rows) const {
  return {rows.center, rows.factor, rows.offset,
          tau_.empty() ? nullptr : pass.parameters + tau_.offset};
}

void Normalizer::scale(const Pass& pass, const NormalizationRows& rows, const float* x, float* y,
                       float* saved) const {
  scale_channels(map_, x, scaling(pass, rows), y);
  activate(activation_, y, map_.size(), saved_at(saved, 2 * map_.channels));
}

void Normalizer::sum_gradient(const Pass& pass, const NormalizationRows& rows, const float* x,
                              const float* y, const float* saved, float* dy) const {
  activate_backward(activation_, y, saved + 2 * map_.channels, map_.size(), dy);
  channel_gradient_sums(map_, x, scaling(pass, rows), dy,
                        {rows.gradient, rows.product, rows.below});
}

void Normalizer::add_parameter_gradient(const NormalizationRows& rows, float* gradient) const {
  for (std::size_t c = 0; c < gamma_.size; ++c) {
    gradient[gamma_.offset + c] += rows.product[c] * rows.inverse[c];
  }
  for (std::size_t c = 0; c < beta_.size; ++c) gradient[beta_.offset + c] += rows.gradient[c];
  for (std::size_t c = 0; c < tau_.size; ++c) gradient[tau_.offset + c] += rows.below[c];
}

void Normalizer::input_gradient(const Pass& pass, const NormalizationRows& rows, const float* x,
                                const float* dy, float* dx) const {
  channel_gradient(map_, x, scaling(pass, rows), dy, {rows.slope, rows.shift}, dx);
}

}  // namespace bnn
