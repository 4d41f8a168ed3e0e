#include "bnn/core/log_histogram.h"

#include <algorithm>
#include <cmath>

namespace bnn {
namespace {

constexpr double kBucketsPerDecade = 20.0;
constexpr double kLeastLimit = 1e-9;

// The ends of the buckets from the one that the least value is in to that of the largest.
std::vector<double> limits_between(double min, double max) {
  std::vector<double> limits;
  double power = std::ceil(kBucketsPerDecade * std::log10(std::max(min, kLeastLimit)));
  do {
    limits.push_back(std::pow(10.0, power / kBucketsPerDecade));
    power += 1.0;
  } while (limits.back() < max);
  return limits;
}

}  // namespace

LogHistogram log_histogram(std::size_t size, const std::function<double(std::size_t)>& value) {
  LogHistogram result;
  for (std::size_t i = 0; i < size; ++i) {
    const double v = value(i);
    if (!std::isfinite(v)) continue;
    result.min = result.count == 0 ? v : std::min(result.min, v);
    result.max = result.count == 0 ? v : std::max(result.max, v);
    result.count += 1;
    result.sum += v;
    result.sum_of_squares += v * v;
  }
  if (result.count == 0) return result;
  result.limits = limits_between(result.min, result.max);
  result.counts.resize(result.limits.size());
  for (std::size_t i = 0; i < size; ++i) {
    const double v = value(i);
    if (!std::isfinite(v)) continue;
    const auto end = std::lower_bound(result.limits.begin(), result.limits.end(), v);
    result.counts[static_cast<std::size_t>(end - result.limits.begin())] += 1;
  }
  return result;
}

}  // namespace bnn
