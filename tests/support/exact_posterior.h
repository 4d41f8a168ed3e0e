#pragma once
// The mean-field normal posterior and the priors in plain double formulas, for the tests.

#include <cmath>
#include <cstddef>
#include <numbers>
#include <random>
#include <vector>

#include "bnn/bayes/prior.h"

namespace bnn {

constexpr double kEpsilon = 1.0 / 8388608;  // 2^-23

inline double exact_sigma(double u) {
  return kEpsilon + (u > 0 ? u + std::log1p(std::exp(-u)) : std::log1p(std::exp(u)));
}

struct Posterior {
  std::vector<float> mu, u;
};

inline Posterior random_posterior(std::size_t size, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  Posterior q{std::vector<float>(size), std::vector<float>(size)};
  for (float& value : q.mu) value = 0.5f * normal(random);
  for (float& value : q.u) value = -2.0f + 1.5f * normal(random);
  return q;
}

inline double normal_density(double x, double scale) {
  const double t = x / scale;
  return std::exp(-0.5 * t * t) / (scale * std::sqrt(2 * std::numbers::pi));
}

/// ln p(w), good for values that are neither far out nor very narrow.
inline double exact_log_density(const Prior& prior, double w) {
  const double s = prior.scale, x = (w - prior.loc) / s;
  switch (prior.kind) {
    case Prior::Kind::laplace:
      return -std::fabs(x) - std::log(2 * s);
    case Prior::Kind::student_t:
      return std::lgamma((prior.df + 1) / 2) - std::lgamma(prior.df / 2) -
             0.5 * std::log(prior.df * std::numbers::pi) - std::log(s) -
             (prior.df + 1) / 2 * std::log(1 + x * x / prior.df);
    case Prior::Kind::scale_mixture_normal: {
      double density = 0;
      for (std::size_t k = 0; k < prior.probs.size(); ++k) {
        density += prior.probs[k] * normal_density(w, prior.scales[k]);
      }
      return std::log(density);
    }
    case Prior::Kind::tied_normal:
      return -0.5 * w * w / (s * s) - std::log(s) - 0.5 * std::log(2 * std::numbers::pi);
    default:
      return -0.5 * x * x - std::log(s) - 0.5 * std::log(2 * std::numbers::pi);
  }
}

/// ln q(z) - ln p(z) at z = mu + sigma e.
inline double exact_log_ratio(double mu, double u, double e, const Prior& prior) {
  const double sigma = exact_sigma(u);
  const double from = prior.kind == Prior::Kind::tied_normal ? 0.0 : mu;
  return -0.5 * e * e - std::log(sigma) - 0.5 * std::log(2 * std::numbers::pi) -
         exact_log_density(prior, from + sigma * e);
}

/// KL(q || p) of one element by the trapezoidal rule.
inline double quadrature_kl(double mu, double u, const Prior& prior) {
  constexpr int kSteps = 6000;
  constexpr double kWidth = 10.0 / kSteps;
  double sum = 0;
  for (int i = -kSteps; i <= kSteps; ++i) {
    const double e = i * kWidth;
    sum += normal_density(e, 1) * exact_log_ratio(mu, u, e, prior);
  }
  return sum * kWidth;
}

/// KL(q || p) of one element for a normal or tied prior.
inline double exact_normal_kl(double mu, double u, const Prior& prior) {
  const double sigma = exact_sigma(u), s = prior.scale, r = sigma * sigma / (s * s);
  const double d = prior.kind == Prior::Kind::tied_normal ? 0.0 : mu - prior.loc;
  return d * d / (2 * s * s) + 0.5 * (r - 1 - std::log(r));
}

/// One prior of every kind, and a trainable one.
inline std::vector<Prior> some_priors() {
  using Kind = Prior::Kind;
  return {{.kind = Kind::normal, .loc = 0.3, .scale = 0.6},
          {.kind = Kind::normal, .loc = -0.2, .scale = 0.4, .trainable = true},
          {.kind = Kind::laplace, .loc = 0.2, .scale = 0.5},
          {.kind = Kind::student_t, .loc = -0.1, .scale = 0.4, .df = 3},
          {.kind = Kind::scale_mixture_normal, .probs = {0.25, 0.75}, .scales = {1.0, 0.1}},
          {.kind = Kind::tied_normal, .loc = 0.9, .scale = 0.7}};
}

}  // namespace bnn
