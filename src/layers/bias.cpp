#include "bnn/layers/bias.h"

namespace bnn {

std::span<const float> sample_bias(const WeightTensor& bias, const Pass& pass, float* scratch) {
  const float* loc = pass.parameters + bias.value.offset;
  if (!bias.has_noise() || pass.perturbation == nullptr) return {loc, bias.value.size};
  const float* perturbation = pass.perturbation + bias.perturbation.offset;
  for (std::size_t i = 0; i < bias.value.size; ++i) scratch[i] = loc[i] + perturbation[i];
  return {scratch, bias.value.size};
}

void add_bias_and_activate(std::span<const float> bias, Activation activation, float* values,
                           int rows, std::size_t channels, float* saved) {
  if (!bias.empty()) {
    float* row = values;
    for (int i = 0; i < rows; ++i, row += channels) {
      for (std::size_t c = 0; c < channels; ++c) row[c] += bias[c];
    }
  }
  activate(activation, values, static_cast<std::size_t>(rows) * channels, saved);
}

void add_bias_gradient(const WeightTensor& bias, const float* gradient, int rows,
                       std::size_t channels, float* parameters_gradient) {
  if (bias.value.empty()) return;
  float* loc = parameters_gradient + bias.value.offset;
  float* perturbation = bias.has_noise() ? parameters_gradient + bias.perturbation.offset : nullptr;
  for (int i = 0; i < rows; ++i, gradient += channels) {
    for (std::size_t c = 0; c < channels; ++c) loc[c] += gradient[c];
    if (perturbation == nullptr) continue;
    for (std::size_t c = 0; c < channels; ++c) perturbation[c] += gradient[c];
  }
}

}  // namespace bnn
