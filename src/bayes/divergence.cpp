#include "bnn/bayes/divergence.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "bnn/bayes/divergence_parts.h"
#include "bnn/bayes/mean_field_normal.h"
#include "bnn/core/vector_loop.h"
#include "bnn/math/vector_ops.h"

namespace bnn {
namespace {

constexpr double kSqrtTwoOverPi = 0.79788456080286535588;

// Elements whose terms lie in the cache between making and summing them.
constexpr std::size_t kBlock = 256;

// The closed form of normal priors, in float: this is done for every weight at every step.
struct NormalTerms {
  float inverse_variance, inverse_scale, loc;

  explicit NormalTerms(const Prior& prior)
      : inverse_variance(static_cast<float>(1.0 / (prior.scale * prior.scale))),
        inverse_scale(static_cast<float>(1.0 / prior.scale)),
        loc(static_cast<float>(prior.loc)) {}

  template <MultiplyAdd kind>
  float kl(float mu, float sigma) const {
    const float distance = (mu - loc) * inverse_scale;
    const float ratio = sigma * inverse_scale;
    const float squares = multiply_add<kind>(distance, distance, ratio * ratio);
    return 0.5f * (squares - 1.0f) - fast_log<kind>(ratio);
  }

  float loc_slope(float mu) const { return (loc - mu) * inverse_variance; }

  float log_scale_slope(float mu, float sigma) const {
    const float distance = (mu - loc) * inverse_scale;
    const float ratio = sigma * inverse_scale;
    return 1.0f - distance * distance - ratio * ratio;
  }
};

double normal_kl(const PosteriorSpan<const float>& q, const NormalTerms& terms) {
  return run_vectorized([=]<MultiplyAdd kind>() {
    return sum_terms(q.loc.size(), [&](std::size_t i) {
      return terms.kl<kind>(q.loc[i], scale_of<kind>(q.untransformed_scale[i]));
    });
  });
}

// A tied prior's mean is the element's own, so any element may take the place of its mean.
double tied_kl(const PosteriorSpan<const float>& q, const NormalTerms& terms) {
  return run_vectorized([=]<MultiplyAdd kind>() {
    return sum_terms(q.loc.size(), [&](std::size_t i) {
      return terms.kl<kind>(terms.loc, scale_of<kind>(q.untransformed_scale[i]));
    });
  });
}

// Adds the gradient of one block, which overlaps with nothing, and leaves its KL terms in `terms`.
template <MultiplyAdd kind>
void add_normal_block(const float* __restrict loc, const float* __restrict untransformed_scale,
                      std::size_t size, const NormalTerms& prior, float weight,
                      float* __restrict loc_gradient, float* __restrict scale_gradient,
                      float* __restrict terms) {
  const NormalTerms p = prior;
  for (std::size_t i = 0; i < size; ++i) {
    const float u = untransformed_scale[i];
    const float sigma = scale_of<kind>(u);
    loc_gradient[i] += weight * (loc[i] - p.loc) * p.inverse_variance;
    scale_gradient[i] += weight * (sigma * p.inverse_variance - 1.0f / sigma) * sigmoid<kind>(u);
    terms[i] = p.kl<kind>(loc[i], sigma);
  }
}

double add_normal_gradient(const PosteriorSpan<const float>& q, const NormalTerms& prior,
                           float weight, const PosteriorSpan<float>& gradient) {
  return run_vectorized([=]<MultiplyAdd kind>() {
    float terms[kBlock];
    double kl = 0.0;
    for (std::size_t first = 0; first < q.loc.size(); first += kBlock) {
      const std::size_t size = std::min(kBlock, q.loc.size() - first);
      add_normal_block<kind>(&q.loc[first], &q.untransformed_scale[first], size, prior, weight,
                             &gradient.loc[first], &gradient.untransformed_scale[first], terms);
      kl += sum_terms(size, [&](std::size_t i) { return terms[i]; });
    }
    return kl;
  });
}

double add_tied_gradient(const PosteriorSpan<const float>& q, const NormalTerms& terms,
                         float weight, const PosteriorSpan<float>& gradient) {
  return run_vectorized([=]<MultiplyAdd kind>() {
    return sum_terms(q.loc.size(), [&](std::size_t i) {
      const float u = q.untransformed_scale[i];
      const float sigma = scale_of<kind>(u);
      gradient.untransformed_scale[i] +=
          weight * (sigma * terms.inverse_variance - 1.0f / sigma) * sigmoid<kind>(u);
      return terms.kl<kind>(terms.loc, sigma);
    });
  });
}

// The slopes for the two variables of a trainable prior.
void add_variable_sums(const PosteriorSpan<const float>& q, const NormalTerms& terms,
                       DivergenceSums& sums) {
  sums.prior_loc_gradient +=
      sum_terms(q.loc.size(), [&](std::size_t i) { return terms.loc_slope(q.loc[i]); });
  sums.prior_log_scale_gradient += sum_terms(q.loc.size(), [&](std::size_t i) {
    return terms.log_scale_slope(q.loc[i], scale_of(q.untransformed_scale[i]));
  });
}

// The sums of a normal prior in double, for values beyond the range of float.
DivergenceSums wide_normal_sums(const PosteriorSpan<const float>& q, const Prior& prior) {
  DivergenceSums sums;
  for (std::size_t i = 0; i < q.loc.size(); ++i) {
    const double ratio = ScalePoint(q.untransformed_scale[i]).sigma / prior.scale;
    const double d = is_tied(prior) ? 0.0 : (q.loc[i] - prior.loc) / prior.scale;
    sums.kl += 0.5 * (d * d + ratio * ratio - 1.0) - std::log(ratio);
    if (!has_variables(prior)) continue;
    sums.prior_loc_gradient -= d / prior.scale;
    sums.prior_log_scale_gradient += 1.0 - d * d - ratio * ratio;
  }
  return sums;
}

DivergenceSums normal_divergence(const PosteriorSpan<const float>& q, const Prior& prior,
                                 float weight, const PosteriorSpan<float>* gradient) {
  const NormalTerms terms(prior);
  DivergenceSums sums;
  if (gradient == nullptr) {
    sums.kl = is_tied(prior) ? tied_kl(q, terms) : normal_kl(q, terms);
  } else {
    sums.kl = is_tied(prior) ? add_tied_gradient(q, terms, weight, *gradient)
                             : add_normal_gradient(q, terms, weight, *gradient);
  }
  if (!std::isfinite(sums.kl)) return wide_normal_sums(q, prior);
  if (has_variables(prior)) add_variable_sums(q, terms, sums);
  return sums;
}

DivergenceSums laplace_divergence(const PosteriorSpan<const float>& q, const Prior& prior,
                                  const GradientSink& sink) {
  DivergenceSums sums;
  const double constant = std::numbers::ln2 - 0.5 - kHalfLogTwoPi;
  for (std::size_t i = 0; i < q.loc.size(); ++i) {
    const ScalePoint scale(q.untransformed_scale[i]);
    const double d = q.loc[i] - prior.loc, x = d / scale.sigma;
    const double spread = kSqrtTwoOverPi * std::exp(-0.5 * x * x);  // d E|w - loc| / d sigma
    const double lean = std::erf(x / std::numbers::sqrt2);          // d E|w - loc| / d mu
    const double distance = scale.sigma * spread + d * lean;        // E|w - loc|
    sums.kl += distance / prior.scale - std::log(scale.sigma / prior.scale) + constant;
    sink.add(i, lean / prior.scale, (spread / prior.scale - 1.0 / scale.sigma) * scale.slope);
  }
  return sums;
}

DivergenceSums divergence_to(const Divergence& how, const PosteriorSpan<const float>& q,
                             const Prior& prior, const DivergenceNoise& noise, float weight,
                             const PosteriorSpan<float>* gradient) {
  const GradientSink sink{gradient, weight};
  if (how.samples > 0) return monte_carlo_divergence(how.samples, q, prior, noise, sink);
  switch (prior.kind) {
    case Prior::Kind::normal:
    case Prior::Kind::tied_normal:
      return normal_divergence(q, prior, weight, gradient);
    case Prior::Kind::laplace:
      return laplace_divergence(q, prior, sink);
    default:
      return {.kl = std::numeric_limits<double>::quiet_NaN()};
  }
}

}  // namespace

DivergenceSums divergence(const Divergence& how, const PosteriorSpan<const float>& q,
                          const Prior& prior, const DivergenceNoise& noise) {
  return divergence_to(how, q, prior, noise, 0.0f, nullptr);
}

DivergenceSums add_divergence_gradient(const Divergence& how, const PosteriorSpan<const float>& q,
                                       const Prior& prior, const DivergenceNoise& noise,
                                       float weight, const PosteriorSpan<float>& gradient) {
  return divergence_to(how, q, prior, noise, weight, &gradient);
}

}  // namespace bnn
