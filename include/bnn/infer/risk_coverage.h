#pragma once
// Selective prediction: how few errors remain if only the most confident predictions are kept.
//
// Ordered by descending confidence, the risk at coverage k / N is the error rate among the first k
// predictions, and AURC = (1 / N) sum over k = 1 … N of risk(k) (Geifman, Uziel and El-Yaniv,
// "Bias-Reduced Uncertainty Estimation for Deep Neural Classifiers", ICLR 2019). Where predictions
// have equal confidence, risk(k) is its expectation over their random orders, so that the result
// does not depend on the order of the input. All functions take the predictions as
// sort_by_confidence leaves them. Thread-safe: no state.

#include <array>
#include <cstddef>
#include <span>
#include <vector>

#include "bnn/infer/calibration.h"

namespace bnn {

/// Error rate among the share `coverage` of the predictions that is most confident.
struct RiskPoint {
  double coverage = 0;
  double risk = 0;
};

/// Coverages of risk_at_coverages, in percent.
constexpr std::array<std::size_t, 6> kCoveragePercents = {50, 70, 80, 90, 95, 100};
constexpr std::size_t kMaxCurvePoints = 100;

/// The smallest number of predictions that is at least `percent` % of them all.
constexpr std::size_t predictions_covered(std::size_t percent, std::size_t predictions) {
  return (percent * predictions + 99) / 100;
}

/// Area under the risk-coverage curve, in [0, 1]; lower is better. NaN without predictions.
double area_under_risk_coverage(std::span<const ScoredPrediction> sorted);

/// The risks at kCoveragePercents, each among predictions_covered of that share; the coverages are
/// the nominal ones. The risks are NaN without predictions.
std::vector<RiskPoint> risk_at_coverages(std::span<const ScoredPrediction> sorted);

/// The area under the generalised risk, the share of all N predictions that are kept and wrong:
/// (1 / N) sum over k = 1 … N of errors(k) / N, in [0, 1]; lower is better. Unlike AURC it does not
/// weigh the errors of the surest predictions more than others (Traub et al., "Overcoming Common
/// Flaws in the Evaluation of Selective Classification Systems", NeurIPS 2024, AUGRC). NaN without
/// predictions.
double area_under_generalized_risk(std::span<const ScoredPrediction> sorted);

/// The risk that coverage_at_risk allows.
constexpr double kAllowedRisk = 0.05;

/// True if so many errors are within kAllowedRisk, up to rounding.
constexpr bool is_allowed_risk(double errors, double covered) {
  return errors <= kAllowedRisk * covered + 1e-9;
}

/// The largest coverage k / N whose risk is at most kAllowedRisk; 0 if there is none. NaN without
/// predictions.
double coverage_at_risk(std::span<const ScoredPrediction> sorted);

/// The curve for a plot, ascending by coverage k / N: every k for up to 100 predictions, else the
/// 100 smallest k of at least 1, 2, … 100 %. The last point has coverage 1.
std::vector<RiskPoint> risk_coverage_curve(std::span<const ScoredPrediction> sorted);

}  // namespace bnn
