#include "bnn/infer/posterior_statistics.h"

#include <algorithm>

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

std::vector<PosteriorHistograms> posterior_histograms(const ParameterLayout& layout,
                                                      const AlignedArray& parameters) {
  std::vector<PosteriorHistograms> list;
  for (const RandomTensor& tensor : layout.random_tensors()) {
    const Variable& loc = layout.variables()[tensor.loc];
    const Variable& scale = layout.variables()[tensor.untransformed_scale];
    const float* mu = parameters.data() + loc.slice.offset;
    const float* u = parameters.data() + scale.slice.offset;
    list.push_back(
        {deterministic_name(loc.name),
         log_histogram(loc.slice.size,
                       [&](std::size_t i) { return static_cast<double>(scale_of(u[i])); }),
         log_histogram(loc.slice.size,
                       [&](std::size_t i) { return signal_to_noise(mu[i], u[i]); })});
  }
  return list;
}

}  // namespace bnn
