#include "bnn/infer/risk_coverage.h"

#include <algorithm>

#include "bnn/infer/undefined.h"

namespace bnn {
namespace {

// Element k - 1 is the expected number of errors among the k most confident predictions.
std::vector<double> expected_errors(std::span<const ScoredPrediction> sorted) {
  std::vector<double> result;
  result.reserve(sorted.size());
  double errors = 0;
  while (result.size() < sorted.size()) {
    // The most confident predictions that are not covered yet, all of one confidence.
    const std::size_t end = sorted.size() - result.size();
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
      result.push_back(errors + share * tied_errors);
    }
    errors += tied_errors;
  }
  return result;
}

double risk(const std::vector<double>& errors, std::size_t covered) {
  return errors[covered - 1] / static_cast<double>(covered);
}

}  // namespace

double area_under_risk_coverage(std::span<const ScoredPrediction> sorted) {
  if (sorted.empty()) return kUndefined;
  const std::vector<double> errors = expected_errors(sorted);
  double area = 0;
  for (std::size_t k = 1; k <= errors.size(); ++k) area += risk(errors, k);
  return area / static_cast<double>(sorted.size());
}

std::vector<RiskPoint> risk_at_coverages(std::span<const ScoredPrediction> sorted) {
  const std::vector<double> errors = expected_errors(sorted);
  std::vector<RiskPoint> points;
  for (const std::size_t percent : kCoveragePercents) {
    const std::size_t covered = predictions_covered(percent, sorted.size());
    points.push_back(
        {static_cast<double>(percent) / 100, covered == 0 ? kUndefined : risk(errors, covered)});
  }
  return points;
}

double area_under_generalized_risk(std::span<const ScoredPrediction> sorted) {
  if (sorted.empty()) return kUndefined;
  const auto count = static_cast<double>(sorted.size());
  double area = 0;
  for (const double errors : expected_errors(sorted)) area += errors;
  return area / (count * count);
}

double coverage_at_risk(std::span<const ScoredPrediction> sorted) {
  const std::vector<double> errors = expected_errors(sorted);
  std::size_t covered = errors.size();
  while (covered > 0 && !is_allowed_risk(errors[covered - 1], static_cast<double>(covered))) {
    --covered;
  }
  return share_of(covered, errors.size());
}

std::vector<RiskPoint> risk_coverage_curve(std::span<const ScoredPrediction> sorted) {
  const std::vector<double> errors = expected_errors(sorted);
  const std::size_t count = std::min(sorted.size(), kMaxCurvePoints);
  std::vector<RiskPoint> points;
  for (std::size_t j = 1; j <= count; ++j) {
    const std::size_t covered = (j * sorted.size() + count - 1) / count;  // rounded up
    points.push_back(
        {static_cast<double>(covered) / static_cast<double>(sorted.size()), risk(errors, covered)});
  }
  return points;
}

}  // namespace bnn
