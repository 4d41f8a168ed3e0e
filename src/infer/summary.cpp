#include "bnn/infer/summary.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <numeric>

#include "bnn/core/error.h"

namespace bnn {
namespace {

template <typename T>
double entropy_of(std::span<const T> probabilities) {
  double sum = 0;
  for (const T value : probabilities) {
    const auto p = static_cast<double>(value);
    if (p > 0) sum -= p * std::log(p);
  }
  return sum;
}

// max_element returns the first of several equal elements.
template <typename T>
std::size_t arg_max(std::span<const T> values) {
  return static_cast<std::size_t>(std::max_element(values.begin(), values.end()) - values.begin());
}

void require_finite(std::span<const float> values, std::size_t sample) {
  const bool finite =
      std::all_of(values.begin(), values.end(), [](float p) { return std::isfinite(p); });
  if (!finite) {
    throw Error(ErrorKind::numerical,
                fmt::format("the class probabilities of Monte Carlo sample {} are not finite; "
                            "expected numbers between 0 and 1",
                            sample));
  }
}

}  // namespace

double entropy(std::span<const double> probabilities) { return entropy_of(probabilities); }

std::vector<std::size_t> most_probable(std::span<const double> probabilities, std::size_t count) {
  std::vector<std::size_t> order(probabilities.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto end = order.begin() + static_cast<std::ptrdiff_t>(std::min(count, order.size()));
  std::partial_sort(order.begin(), end, order.end(), [&](std::size_t a, std::size_t b) {
    const double p = probabilities[a], q = probabilities[b];
    return p != q ? p > q : a < b;
  });
  order.erase(end, order.end());
  return order;
}

Summary summarize(const float* probabilities, std::size_t samples, std::size_t stride,
                  int classes) {
  if (samples == 0 || classes < 1) {
    throw Error(ErrorKind::internal, "a summary needs at least one sample and one class");
  }
  const auto size = static_cast<std::size_t>(classes);
  const auto count = static_cast<double>(samples);
  const auto sample = [&](std::size_t s) {
    return std::span<const float>(probabilities + s * stride, size);
  };

  Summary summary;
  summary.probabilities.assign(size, 0.0);
  summary.probabilities_std.assign(size, 0.0);
  std::vector<std::size_t> votes(size, 0);
  for (std::size_t s = 0; s < samples; ++s) {
    const std::span<const float> p = sample(s);
    require_finite(p, s);
    for (std::size_t k = 0; k < size; ++k) summary.probabilities[k] += static_cast<double>(p[k]);
    summary.expected_entropy += entropy_of(p);
    ++votes[arg_max(p)];
  }
  for (double& mean : summary.probabilities) mean /= count;
  summary.expected_entropy /= count;

  // A second pass over the samples: the difference of two sums of squares would lose all digits
  // where the samples agree.
  for (std::size_t s = 0; s < samples; ++s) {
    for (std::size_t k = 0; k < size; ++k) {
      const double difference = static_cast<double>(sample(s)[k]) - summary.probabilities[k];
      summary.probabilities_std[k] += difference * difference;
    }
  }
  for (double& deviation : summary.probabilities_std) deviation = std::sqrt(deviation / count);

  const std::span<const double> mean(summary.probabilities);
  const std::size_t best = arg_max(mean);
  const std::size_t modal_votes = *std::max_element(votes.begin(), votes.end());
  summary.predicted = static_cast<int>(best);
  summary.confidence = mean[best];
  summary.predictive_entropy = entropy(mean);
  summary.mutual_information = std::max(0.0, summary.predictive_entropy - summary.expected_entropy);
  summary.variation_ratio = static_cast<double>(samples - modal_votes) / count;
  return summary;
}

}  // namespace bnn
