#pragma once
// Calibration of the top label: does a confidence of 0.8 mean right in 80 % of the cases?
//
// Examples are put into 15 bins by confidence; the gap of a bin is |accuracy - mean confidence|.
//   ECE = sum over bins of (n_b / N) * gap_b        MCE = the largest gap of a bin with examples
// (Naeini, Cooper and Hauskrecht, "Obtaining Well Calibrated Probabilities Using Bayesian
// Binning", AAAI 2015; Guo et al., "On Calibration of Modern Neural Networks", ICML 2017.)
//
// All functions take the examples as sort_by_confidence leaves them. Since examples with equal
// confidence and correctness are alike, the results depend, to the last bit, on the set of examples
// alone and not on the order in which they came. Without examples ECE and MCE are NaN.
// Thread-safe: no state.

#include <cstddef>
#include <span>
#include <vector>

namespace bnn {

constexpr std::size_t kCalibrationBins = 15;

/// One prediction: the probability of the predicted class, and whether that class is the label.
struct ScoredPrediction {
  double confidence = 0;
  bool correct = false;
};

/// The examples with lower < confidence <= upper (a confidence of 0 belongs to the first bin).
/// Mean confidence and accuracy are 0 in a bin without examples.
struct CalibrationBin {
  double lower = 0;
  double upper = 0;
  std::size_t count = 0;
  double confidence = 0;
  double accuracy = 0;
};

/// Ascending by confidence; among equal confidences the wrong predictions come first.
void sort_by_confidence(std::vector<ScoredPrediction>& predictions);

/// The bin of equal width that a probability belongs to, 0 to 14.
std::size_t equal_width_bin(double probability);

/// 15 bins of equal width over [0, 1], in ascending order.
std::vector<CalibrationBin> equal_width_bins(std::span<const ScoredPrediction> sorted);

/// 15 bins of equal count: bin b holds the sorted examples floor(b N / 15) up to, but without,
/// floor((b + 1) N / 15). The bounds are the confidences of its first and its last example (0 in a
/// bin without examples).
std::vector<CalibrationBin> equal_count_bins(std::span<const ScoredPrediction> sorted);

double expected_calibration_error(std::span<const CalibrationBin> bins);
double maximum_calibration_error(std::span<const CalibrationBin> bins);

}  // namespace bnn
