#include "bnn/bayes/flipout.h"

#include "bnn/core/vector_loop.h"

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
  run_vectorized([=]<MultiplyAdd>() {
    float* row = values;
    for (int i = 0; i < rows; ++i, row += signs.size()) {
      for (std::size_t c = 0; c < signs.size(); ++c) row[c] *= signs[c];
    }
  });
}

void add_flipped_rows(const float* values, int rows, std::span<const float> signs, float* target) {
  run_vectorized([=]<MultiplyAdd>() {
    const float* from = values;
    float* to = target;
    for (int i = 0; i < rows; ++i, from += signs.size(), to += signs.size()) {
      for (std::size_t c = 0; c < signs.size(); ++c) to[c] += signs[c] * from[c];
    }
  });
}

}  // namespace bnn
