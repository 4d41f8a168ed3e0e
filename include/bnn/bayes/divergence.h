#pragma once
// KL(q || p) in nats of a mean-field normal posterior q = Normal(mu, sigma), sigma = 2^-23 +
// softplus(u), from a prior p, summed over the elements of a span; and its gradient.
//
// Closed forms, an element, with d = mu - loc:
//   normal   d² / (2 s²) + (r - 1 - ln r) / 2,  r = sigma² / s²;   tied_normal the same with d = 0
//   laplace  E|w - loc| / b - ln(sigma / b) + ln 2 - (1 + ln 2 pi) / 2, with
//            E|w - loc| = sigma sqrt(2/pi) exp(-d² / (2 sigma²)) + d erf(d / (sigma sqrt 2))
// Monte Carlo with n draws z = mu + sigma e of its own: the mean of ln q(z) - ln p(z), whose
// gradient through mu and sigma has the expectation of the exact one (Kingma and Welling, 2014).
// All functions are pure and thread-safe; sums are accumulated in double, in a fixed order.

#include <cstddef>
#include <span>

#include "bnn/bayes/prior.h"
#include "bnn/core/random.h"

namespace bnn {

struct Divergence {
  /// 0: the closed form, which the prior must have (the sum is not a number if it has none).
  /// Otherwise Monte Carlo with so many draws.
  int samples = 0;

  bool operator==(const Divergence&) const = default;
};

/// A part of a posterior, and with Float = float its gradient.
template <typename Float>
struct PosteriorSpan {
  std::span<Float> loc, untransformed_scale;
};

/// Names the Monte Carlo noise: draw j of the part's element i is element first + i of `stream`
/// with example = j.
struct DivergenceNoise {
  Stream stream;
  std::size_t first = 0;
  std::span<float> scratch = {};  // as long as the part, overwritten; not needed for closed forms
};

/// The divergence, and its derivatives for the two variables of a trainable prior (0 for others).
struct DivergenceSums {
  double kl = 0.0;
  double prior_loc_gradient = 0.0;
  double prior_log_scale_gradient = 0.0;  // for ln scale
};

/// KL(q || prior) of the part.
DivergenceSums divergence(const Divergence& how, const PosteriorSpan<const float>& q,
                          const Prior& prior, const DivergenceNoise& noise);

/// The same, and adds weight * its derivatives for mu and u to `gradient`. The sums are not
/// weighted.
DivergenceSums add_divergence_gradient(const Divergence& how, const PosteriorSpan<const float>& q,
                                       const Prior& prior, const DivergenceNoise& noise,
                                       float weight, const PosteriorSpan<float>& gradient);

}  // namespace bnn
