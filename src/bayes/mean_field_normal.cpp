#include "bnn/bayes/mean_field_normal.h"

#include <algorithm>
#include <cstddef>

#include "bnn/core/elementary.h"

namespace bnn {
namespace {

// Partial sums of this many elements stay in float lanes before they are added up in double.
constexpr std::size_t kBlock = 64;

struct KlTerms {
  float inverse_variance, inverse_scale, loc;

  explicit KlTerms(const NormalPrior& prior)
      : inverse_variance(static_cast<float>(1.0 / (prior.scale * prior.scale))),
        inverse_scale(static_cast<float>(1.0 / prior.scale)),
        loc(static_cast<float>(prior.loc)) {}

  float kl(float mu, float sigma) const {
    const float distance = (mu - loc) * inverse_scale;
    const float ratio = sigma * inverse_scale;
    return 0.5f * (distance * distance + ratio * ratio - 1.0f) - fast_log(ratio);
  }
};

float scale_of(float u) { return kScaleEpsilon + softplus(u); }

// Sums term(i) for i in [0, size): a fixed order, whatever the vector width.
template <typename Term>
double blocked_sum(std::size_t size, const Term& term) {
  double total = 0.0;
  for (std::size_t first = 0; first < size; first += kBlock) {
    const std::size_t count = std::min(kBlock, size - first);
    float terms[kBlock] = {};
    for (std::size_t i = 0; i < count; ++i) terms[i] = term(first + i);
    double sum = 0.0;
    for (float value : terms) sum += static_cast<double>(value);
    total += sum;
  }
  return total;
}

}  // namespace

void perturb(std::span<const float> untransformed_scale, std::span<const float> noise,
             std::span<float> perturbation) {
  for (std::size_t i = 0; i < perturbation.size(); ++i) {
    perturbation[i] = scale_of(untransformed_scale[i]) * noise[i];
  }
}

void perturbation_gradient_to_scale(std::span<const float> untransformed_scale,
                                    std::span<const float> noise, std::span<float> gradient) {
  for (std::size_t i = 0; i < gradient.size(); ++i) {
    gradient[i] *= noise[i] * sigmoid(untransformed_scale[i]);
  }
}

double kl_divergence(std::span<const float> loc, std::span<const float> untransformed_scale,
                     const NormalPrior& prior) {
  const KlTerms terms(prior);
  return blocked_sum(loc.size(), [&](std::size_t i) {
    return terms.kl(loc[i], scale_of(untransformed_scale[i]));
  });
}

double add_kl_gradient(std::span<const float> loc, std::span<const float> untransformed_scale,
                       const NormalPrior& prior, float weight, std::span<float> loc_gradient,
                       std::span<float> scale_gradient) {
  const KlTerms terms(prior);
  return blocked_sum(loc.size(), [&](std::size_t i) {
    const float u = untransformed_scale[i];
    const float sigma = scale_of(u);
    loc_gradient[i] += weight * (loc[i] - terms.loc) * terms.inverse_variance;
    scale_gradient[i] += weight * (sigma * terms.inverse_variance - 1.0f / sigma) * sigmoid(u);
    return terms.kl(loc[i], sigma);
  });
}

}  // namespace bnn
