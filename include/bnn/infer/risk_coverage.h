#pragma once
// Selective prediction: how few errors remain if only the most confident predictions are kept.
//
// Ordered by descending confidence, the risk at coverage k / N is the error rate among the first k
// predictions, and AURC = (1 / N) sum over k = 1 … N of risk(k) (Geifman, Uziel and El-Yaniv,
// "Bias-Reduced Uncertainty Estimation for Deep Neural Classifiers", ICLR 2019). Where predictions
// have equal confidence, risk(k) is its expectation over their random orders, so that the result
// does not depend on the order of the input. Thread-safe: no state.

#include <span>

#include "bnn/infer/calibration.h"

namespace bnn {

/// Area under the risk-coverage curve, in [0, 1]; lower is better. NaN without predictions.
/// @param sorted as sort_by_confidence leaves them
double area_under_risk_coverage(std::span<const ScoredPrediction> sorted);

}  // namespace bnn
