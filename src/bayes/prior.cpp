#include "bnn/bayes/prior.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numbers>

namespace bnn {
namespace {

// ln(Gamma(x + 1/2) / Gamma(x)) for x > 0, from the Stirling series of both, whose large terms
// cancel. The recurrence Gamma(x + 1) = x Gamma(x) first leads to where the series is exact enough.
double log_gamma_ratio(double x) {
  double ratio = 1.0;
  for (; x < 32.0; x += 1.0) ratio *= x / (x + 0.5);
  const double inverse = 1.0 / x, square = inverse * inverse;
  double series = 17.0 / 14336.0;
  series = series * square - 1.0 / 640.0;
  series = series * square + 1.0 / 192.0;
  series = series * square - 1.0 / 8.0;
  return std::log(ratio) + 0.5 * std::log(x) + series * inverse;
}

// The part of ln p that does not depend on w.
double log_normalizer(const Prior& prior) {
  switch (prior.kind) {
    case Prior::Kind::normal:
    case Prior::Kind::tied_normal:
      return -kHalfLogTwoPi - std::log(prior.scale);
    case Prior::Kind::laplace:
      return -std::numbers::ln2 - std::log(prior.scale);
    case Prior::Kind::student_t:
      return log_gamma_ratio(0.5 * prior.df) - 0.5 * std::log(prior.df * std::numbers::pi) -
             std::log(prior.scale);
    case Prior::Kind::scale_mixture_normal:
      return -kHalfLogTwoPi;
  }
  return std::numeric_limits<double>::quiet_NaN();
}

// The three families below have scale 1 and no normalizer; x is in units of the scale.
PriorDensity::Point standard_normal(double x) { return {-0.5 * x * x, -x}; }

PriorDensity::Point standard_laplace(double x) {
  return {-std::fabs(x), x == 0.0 ? 0.0 : std::copysign(1.0, -x)};
}

PriorDensity::Point standard_student_t(double x, double df) {
  return {-0.5 * (df + 1.0) * std::log1p(x * x / df), -(df + 1.0) * x / (df + x * x)};
}

double widest_scale(const Prior& prior) {
  double widest = 0.0;
  for (std::size_t k = 0; k < prior.probs.size(); ++k) {
    if (prior.probs[k] > 0.0) widest = std::max(widest, prior.scales[k]);
  }
  return widest;
}

// Exponents are relative to that of the widest component, the largest one: no sum of densities is
// zero or infinite. A difference of squares as a product is exactly 0 for that component itself.
PriorDensity::Point normal_mixture(const Prior& prior, double w) {
  const double widest = w / widest_scale(prior);
  double density = 0.0, slope = 0.0;
  for (std::size_t k = 0; k < prior.probs.size(); ++k) {
    if (prior.probs[k] == 0.0) continue;
    const double scale = prior.scales[k], x = w / scale;
    const double part = prior.probs[k] / scale * std::exp(-0.5 * (x - widest) * (x + widest));
    density += part;
    slope -= part * (x / scale);
  }
  return {std::log(density) - 0.5 * widest * widest, slope / density};
}

PriorDensity::Point standardized(const Prior& prior, double x) {
  switch (prior.kind) {
    case Prior::Kind::laplace:
      return standard_laplace(x);
    case Prior::Kind::student_t:
      return standard_student_t(x, prior.df);
    default:
      return standard_normal(x);
  }
}

}  // namespace

bool has_closed_form(Prior::Kind kind) {
  return kind == Prior::Kind::normal || kind == Prior::Kind::tied_normal ||
         kind == Prior::Kind::laplace;
}

PriorDensity::PriorDensity(const Prior& prior)
    : prior_(prior),
      loc_(prior.kind == Prior::Kind::tied_normal ? 0.0 : prior.loc),
      log_normalizer_(log_normalizer(prior)) {}

PriorDensity::Point PriorDensity::at(double w) const {
  const bool mixture = prior_.kind == Prior::Kind::scale_mixture_normal;
  const double scale = mixture ? 1.0 : prior_.scale;
  const Point point =
      mixture ? normal_mixture(prior_, w) : standardized(prior_, (w - loc_) / scale);
  return {point.log_density + log_normalizer_, point.score / scale};
}

}  // namespace bnn
