#include "bnn/bayes/flipout.h"

namespace bnn {
void input_signs(const PassNoise& pass, const LayerNoise& layer, std::size_t b, std::size_t first,
                 std::span<float> signs) {
  fill_signs(example_stream(pass, layer, NoiseUse::sign_input, b), first, signs);
}

void output_signs(const PassNoise& pass, const LayerNoise& layer, std::size_t b, std::size_t first,
                  std::span<float> signs) {
  fill_signs(example_stream(pass, layer, NoiseUse::sign_output, b), first, signs);
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
