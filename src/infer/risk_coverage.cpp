#include "bnn/infer/risk_coverage.h"

#include <cstddef>
#include <limits>

namespace bnn {

double area_under_risk_coverage(std::span<const ScoredPrediction> sorted) {
  if (sorted.empty()) return std::numeric_limits<double>::quiet_NaN();
  double area = 0;
  double errors = 0;
  std::size_t covered = 0;
  while (covered < sorted.size()) {
    // The most confident predictions that are not covered yet, all of one confidence.
    const std::size_t end = sorted.size() - covered;
    std::size_t begin = end;
    double tied_errors = 0;
    while (begin > 0 && sorted[begin - 1].confidence == sorted[end - 1].confidence) {
      --begin;
      if (!sorted[begin].correct) tied_errors += 1;
    }
    const std::size_t tied = end - begin;
    // In a random order of the tied predictions, the first j hold j / tied of their errors.
    for (std::size_t j = 1; j <= tied; ++j) {
      const double share = static_cast<double>(j) / static_cast<double>(tied);
      area += (errors + share * tied_errors) / static_cast<double>(covered + j);
    }
    errors += tied_errors;
    covered += tied;
  }
  return area / static_cast<double>(sorted.size());
}

}  // namespace bnn
