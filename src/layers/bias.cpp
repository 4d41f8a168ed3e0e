#include "bnn/layers/bias.h"

#include "bnn/core/vector_loop.h"

namespace bnn {

void add_bias_and_activate(std::span<const float> bias, Activation activation, float* values,
                           int rows, std::size_t channels, float* saved) {
  if (!bias.empty()) {
    run_vectorized([=]<MultiplyAdd>() {
      float* row = values;
      for (int i = 0; i < rows; ++i, row += channels) {
        for (std::size_t c = 0; c < channels; ++c) row[c] += bias[c];
      }
    });
  }
  activate(activation, values, static_cast<std::size_t>(rows) * channels, saved);
}

void add_bias_gradient(const WeightTensor& bias, const Pass& pass, const float* gradient, int rows,
                       std::size_t channels, float* parameters_gradient) {
  if (bias.size() == 0) return;
  float* sum = bias.common_gradient(pass, parameters_gradient);
  run_vectorized([=]<MultiplyAdd>() {
    const float* row = gradient;
    for (int i = 0; i < rows; ++i, row += channels) {
      for (std::size_t c = 0; c < channels; ++c) sum[c] += row[c];
    }
  });
}

}  // namespace bnn
