#include "bnn/bayes/mean_field_normal.h"

#include <cmath>
#include <cstddef>

#include "bnn/core/vector_loop.h"

namespace bnn {

float untransformed_scale_of(double sigma) {
  const double s = sigma - static_cast<double>(kScaleEpsilon);
  // Neither form loses digits: the first for large s, where e^s overflows, the second for small s.
  return static_cast<float>(s > 1.0 ? s + std::log1p(-std::exp(-s)) : std::log(std::expm1(s)));
}

void perturb(std::span<const float> untransformed_scale, std::span<const float> noise,
             std::span<float> perturbation) {
  run_vectorized([=]<MultiplyAdd kind>() {
    for (std::size_t i = 0; i < perturbation.size(); ++i) {
      perturbation[i] = scale_of<kind>(untransformed_scale[i]) * noise[i];
    }
  });
}

void perturbation_gradient_to_scale(std::span<const float> untransformed_scale,
                                    std::span<const float> noise, std::span<float> gradient) {
  run_vectorized([=]<MultiplyAdd kind>() {
    for (std::size_t i = 0; i < gradient.size(); ++i) {
      gradient[i] *= noise[i] * sigmoid<kind>(untransformed_scale[i]);
    }
  });
}

void perturbation_gradient_to_sigma(std::span<const float> noise, std::span<float> gradient) {
  for (std::size_t i = 0; i < gradient.size(); ++i) gradient[i] *= noise[i];
}

void scale_gradient_to_sigma(std::span<const float> untransformed_scale,
                             std::span<float> gradient) {
  run_vectorized([=]<MultiplyAdd kind>() {
    for (std::size_t i = 0; i < gradient.size(); ++i) {
      gradient[i] /= sigmoid<kind>(untransformed_scale[i]);
    }
  });
}

}  // namespace bnn
