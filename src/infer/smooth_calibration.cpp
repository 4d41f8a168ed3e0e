#include "bnn/infer/smooth_calibration.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>
#include <span>
#include <utility>

#include "bnn/infer/undefined.h"

namespace bnn {
namespace {

constexpr std::size_t kSteps = 1000;
constexpr double kLargestExponent = 20;  // terms damped by more than e^-20 do not count
constexpr int kBisections = 22;          // of [0, 1]: to 2e-7

// Terms of the series that count under a width.
std::size_t terms_under(double sigma) {
  const double terms = std::sqrt(2 * kLargestExponent) / (sigma * std::numbers::pi);
  return std::min(static_cast<std::size_t>(terms) + 1, kSteps);
}

// Points of the midpoint rule that follow a function smoothed by this width.
std::size_t points_under(double sigma) {
  return std::clamp<std::size_t>(static_cast<std::size_t>(8 / sigma), 64, kSteps);
}

// cos(k x) for k = 0, 1, 2, … at many x, each from the two before it.
class Cosines {
 public:
  /// @param first cos(x)
  explicit Cosines(std::vector<double> first)
      : first_(std::move(first)), now_(first_.size(), 1.0), before_(first_) {}

  const std::vector<double>& now() const { return now_; }
  void advance() {
    for (std::size_t j = 0; j < first_.size(); ++j) {
      const double next = 2 * first_[j] * now_[j] - before_[j];
      before_[j] = now_[j];
      now_[j] = next;
    }
  }

 private:
  std::vector<double> first_, now_, before_;
};

// a_k of r(t) = sum_k a_k cos(pi k t), the residuals' own, made as far as they are asked for.
class ResidualSeries {
 public:
  ResidualSeries(std::vector<double> residuals, std::vector<double> cosines)
      : residuals_(std::move(residuals)), cosines_(std::move(cosines)) {}

  double term(std::size_t k) {
    while (terms_.size() <= k) {
      const std::vector<double>& now = cosines_.now();
      const double sum = std::inner_product(now.begin(), now.end(), residuals_.begin(), 0.0);
      terms_.push_back(terms_.empty() ? sum : 2 * sum);
      cosines_.advance();
    }
    return terms_[k];
  }

 private:
  std::vector<double> residuals_;
  Cosines cosines_;
  std::vector<double> terms_;
};

// The integral of |r| over [0, 1] under this width, by the midpoint rule.
double smoothed_error(ResidualSeries& series, double sigma) {
  const std::size_t points = points_under(sigma);
  std::vector<double> midpoints;
  for (std::size_t j = 0; j < points; ++j) {
    midpoints.push_back(
        std::cos(std::numbers::pi * (static_cast<double>(j) + 0.5) / static_cast<double>(points)));
  }
  Cosines cosines(std::move(midpoints));
  std::vector<double> smoothed(points, 0.0);
  for (std::size_t k = 0; k < terms_under(sigma); ++k) {
    const double angle = sigma * std::numbers::pi * static_cast<double>(k);
    const double term = series.term(k) * std::exp(-angle * angle / 2);
    for (std::size_t j = 0; j < points; ++j) smoothed[j] += term * cosines.now()[j];
    cosines.advance();
  }
  double sum = 0;
  for (const double r : smoothed) sum += std::abs(r);
  return sum / static_cast<double>(points);
}

}  // namespace

ResidualGrid::ResidualGrid() : sums_(kSteps + 1, 0.0) {}

void ResidualGrid::add(double probability, double residual, double weight) {
  const double place = std::clamp(probability, 0.0, 1.0) * static_cast<double>(kSteps);
  const auto below = std::min(static_cast<std::size_t>(place), kSteps - 1);
  const double share = place - static_cast<double>(below);
  sums_[below] += weight * residual * (1 - share);
  sums_[below + 1] += weight * residual * share;
}

double ResidualGrid::smooth_calibration_error(double count) const {
  if (count == 0) return kUndefined;
  std::vector<double> residuals, cosines;
  for (std::size_t j = 0; j <= kSteps; ++j) {
    if (sums_[j] == 0) continue;
    residuals.push_back(sums_[j] / count);
    cosines.push_back(
        std::cos(std::numbers::pi * static_cast<double>(j) / static_cast<double>(kSteps)));
  }
  ResidualSeries series(std::move(residuals), std::move(cosines));
  double low = 0, high = 1;
  for (int i = 0; i < kBisections; ++i) {
    const double sigma = (low + high) / 2;
    (smoothed_error(series, sigma) > sigma ? low : high) = sigma;
  }
  return high;
}

}  // namespace bnn
