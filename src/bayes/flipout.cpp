#include "bnn/bayes/flipout.h"

#include <cstddef>

#include "bnn/core/vector_clones.h"

namespace bnn {
namespace {

// Rows are short. Without __restrict, a check for overlap would cost as much as the loop.
void assemble_row(const float* __restrict mean, const float* __restrict perturbation, float sign,
                  const float* __restrict r, std::size_t filters, float* __restrict weights) {
  for (std::size_t f = 0; f < filters; ++f) weights[f] = mean[f] + sign * r[f] * perturbation[f];
}

void scatter_row(const float* __restrict g, float sign, const float* __restrict r,
                 std::size_t filters, float* __restrict mean_gradient,
                 float* __restrict perturbation_gradient) {
  for (std::size_t f = 0; f < filters; ++f) {
    mean_gradient[f] += g[f];
    perturbation_gradient[f] += sign * r[f] * g[f];
  }
}

}  // namespace

void input_signs(const PassNoise& pass, const LayerNoise& layer, std::size_t b, std::size_t first,
                 std::span<float> signs) {
  fill_signs(example_stream(pass, layer, NoiseUse::sign_input, b), first, signs);
}

void output_signs(const PassNoise& pass, const LayerNoise& layer, std::size_t b, std::size_t first,
                  std::span<float> signs) {
  fill_signs(example_stream(pass, layer, NoiseUse::sign_output, b), first, signs);
}

BNN_VECTOR_CLONES void assemble_weights(const float* mean, const float* perturbation, int taps,
                                        std::span<const float> s, std::span<const float> r,
                                        float* weights) {
  const std::size_t filters = r.size();
  for (int tap = 0; tap < taps; ++tap) {
    for (const float sign : s) {
      assemble_row(mean, perturbation, sign, r.data(), filters, weights);
      mean += filters;
      perturbation += filters;
      weights += filters;
    }
  }
}

BNN_VECTOR_CLONES void scatter_gradient(const float* g, int taps, std::span<const float> s,
                                        std::span<const float> r, float* mean_gradient,
                                        float* perturbation_gradient) {
  const std::size_t filters = r.size();
  for (int tap = 0; tap < taps; ++tap) {
    for (const float sign : s) {
      scatter_row(g, sign, r.data(), filters, mean_gradient, perturbation_gradient);
      g += filters;
      mean_gradient += filters;
      perturbation_gradient += filters;
    }
  }
}

void flip_rows(float* values, int rows, std::span<const float> signs) {
  for (int row = 0; row < rows; ++row) {
    for (std::size_t i = 0; i < signs.size(); ++i) values[i] *= signs[i];
    values += signs.size();
  }
}

void add_flipped_rows(const float* values, int rows, std::span<const float> signs, float* target) {
  for (int row = 0; row < rows; ++row) {
    for (std::size_t i = 0; i < signs.size(); ++i) target[i] += signs[i] * values[i];
    values += signs.size();
    target += signs.size();
  }
}

}  // namespace bnn
