#include "bnn/train/adam.h"

#include <cmath>
#include <cstddef>

#include "bnn/core/vector_clones.h"

namespace bnn {

AdamStep adam_step(const AdamSpec& spec, double learning_rate, std::uint64_t t) {
  const auto steps = static_cast<double>(t);
  return {static_cast<float>(spec.beta_1),
          static_cast<float>(spec.beta_2),
          static_cast<float>(spec.epsilon),
          static_cast<float>(1.0 - spec.beta_1),
          static_cast<float>(1.0 - spec.beta_2),
          static_cast<float>(learning_rate / (1.0 - std::pow(spec.beta_1, steps))),
          static_cast<float>(1.0 / std::sqrt(1.0 - std::pow(spec.beta_2, steps)))};
}

BNN_VECTOR_CLONES void adam_update(const AdamStep& step, float gradient_scale,
                                   std::span<const float> gradient, std::span<float> parameters,
                                   std::span<float> m, std::span<float> v) {
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const float g = gradient_scale * gradient[i];
    m[i] = step.beta_1 * m[i] + step.rest_1 * g;
    v[i] = step.beta_2 * v[i] + step.rest_2 * g * g;
    parameters[i] -=
        step.step_size * m[i] / (std::sqrt(v[i]) * step.root_correction + step.epsilon);
  }
}

}  // namespace bnn
