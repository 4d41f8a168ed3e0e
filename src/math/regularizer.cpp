#include "bnn/math/regularizer.h"

#include <cmath>
#include <cstddef>

namespace bnn {

double penalty(const Regularizer& regularizer, std::span<const float> values) {
  double magnitudes = 0.0, squares = 0.0;
  for (const float value : values) {
    const auto x = static_cast<double>(value);
    magnitudes += std::fabs(x);
    squares += x * x;
  }
  return regularizer.l1 * magnitudes + regularizer.l2 * squares;
}

void add_penalty_gradient(const Regularizer& regularizer, std::span<const float> values,
                          float weight, std::span<float> gradient) {
  const float l1 = weight * static_cast<float>(regularizer.l1);
  const float l2 = 2.0f * weight * static_cast<float>(regularizer.l2);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const float x = values[i];
    const float sign = x > 0.0f ? 1.0f : x < 0.0f ? -1.0f : 0.0f;
    gradient[i] += l1 * sign + l2 * x;
  }
}

}  // namespace bnn
