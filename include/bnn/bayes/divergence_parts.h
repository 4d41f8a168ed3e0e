#pragma once
// What the closed forms and Monte Carlo share: one element's scale in double, and where gradients
// are added.

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "bnn/bayes/divergence.h"
#include "bnn/bayes/mean_field_normal.h"

namespace bnn {

/// sigma and d sigma / du of one element, in double.
struct ScalePoint {
  double sigma, slope;

  explicit ScalePoint(float untransformed) {
    const double u = untransformed, tail = std::exp(-std::fabs(u));
    sigma = static_cast<double>(kScaleEpsilon) + std::max(u, 0.0) + std::log1p(tail);
    slope = (u >= 0.0 ? 1.0 : tail) / (1.0 + tail);
  }
};

/// Where derivatives for mu and u are added, if anywhere, and what they are multiplied by.
struct GradientSink {
  const PosteriorSpan<float>* spans = nullptr;
  double weight = 0.0;

  void add(std::size_t i, double loc, double untransformed_scale) const {
    if (spans == nullptr) return;
    spans->loc[i] += static_cast<float>(weight * loc);
    spans->untransformed_scale[i] += static_cast<float>(weight * untransformed_scale);
  }
};

inline bool is_tied(const Prior& prior) { return prior.kind == Prior::Kind::tied_normal; }

inline bool has_variables(const Prior& prior) {
  return prior.trainable && prior.kind == Prior::Kind::normal;
}

/// The divergence as a mean over draws, for any prior.
DivergenceSums monte_carlo_divergence(int samples, const PosteriorSpan<const float>& q,
                                      const Prior& prior, const DivergenceNoise& noise,
                                      const GradientSink& sink);

}  // namespace bnn
