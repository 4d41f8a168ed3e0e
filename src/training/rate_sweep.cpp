#include "bnn/training/rate_sweep.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace bnn {
namespace {

constexpr double kDecay = 0.9;       // of the moving average
constexpr double kTooLarge = 4.0;    // times the best smoothed loss
constexpr double kLeastFall = 0.05;  // of the first losses
constexpr std::size_t kFirst = 10;   // steps before the average is one of several losses

}  // namespace

RateSweep::RateSweep(const RateRange& range, int steps)
    : range_(range), steps_(static_cast<std::size_t>(steps)) {}

double RateSweep::next_rate() const {
  const double way = static_cast<double>(points_.size()) / static_cast<double>(steps_ - 1);
  return range_.low * std::pow(range_.high / range_.low, way);
}

void RateSweep::add(double nll) {
  if (!std::isfinite(nll)) return fail();
  const double rate = next_rate();
  const auto count = static_cast<double>(points_.size() + 1);
  average_ = kDecay * average_ + (1.0 - kDecay) * nll;
  const double smoothed = average_ / (1.0 - std::pow(kDecay, count));
  points_.push_back({rate, nll, smoothed});
  if (points_.size() <= kFirst) {
    best_ = smoothed;
    return;
  }
  best_ = std::min(best_, smoothed);
  if (smoothed > kTooLarge * best_) fail();
}

std::optional<RateSuggestion> suggested_rate(const std::vector<RatePoint>& points) {
  if (points.size() <= kFirst) return std::nullopt;
  const auto lowest = std::min_element(
      points.begin() + kFirst, points.end(),
      [](const RatePoint& a, const RatePoint& b) { return a.smoothed < b.smoothed; });
  // Rates that are too high from the beginning may raise the first average far above the first
  // loss, from which any fall would look like learning.
  const double begin = std::min(points.front().nll, points[kFirst - 1].smoothed);
  if (lowest->smoothed > begin - kLeastFall * std::abs(begin)) return std::nullopt;
  return RateSuggestion{lowest->rate / 10, lowest->rate};
}

}  // namespace bnn
