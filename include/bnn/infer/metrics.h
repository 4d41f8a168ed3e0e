#pragma once
// The metrics of a classifier over N labelled examples, from the summaries of their Monte Carlo
// samples. p is the posterior predictive distribution of an example and y its label.
//
//   accuracy   share of the examples with arg max p = y
//   nll        mean of -log p[y], in nats; p[y] is floored at 2^-126 (about 1.2e-38, the smallest
//              normal float), so that an example costs at most 87.34 nats and the mean is finite
//   brier      mean of sum_k (p_k - 1[k = y])^2, in [0, 2] (Brier 1950);
//              = reliability - resolution + uncertainty (class_calibration.h)
//   ece, mce   expected and largest calibration error over 15 bins of equal width (calibration.h)
//   adaptive_ece  the same sum as ece over 15 bins of equal count
//   class_ece  mean over the classes of the calibration error of p_k (class_calibration.h)
//   smooth_ece  calibration error without bins (smooth_calibration.h)
//   aurc, augrc  areas under the risk and the generalised risk over coverage (risk_coverage.h)
//   coverage_at_5_risk   the largest coverage with at most 5 % errors
//   risk_at_80_coverage  the error rate among the most confident 80 %
//   balanced_accuracy  mean recall of the classes that have examples
//   macro_f1   mean over the classes of 2 precision recall / (precision + recall), of those that
//              have examples or predictions
//   macro_auroc  mean over the classes of AUROC, one against the rest (class_ranks.h)
//   predictive_entropy, expected_entropy, mutual_information   means, in nats (summary.h)
//
// Every number depends, to the last bit, on the set of examples alone and not on their order: sums
// are taken over sorted values or over integers.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "bnn/infer/calibration.h"
#include "bnn/infer/class_calibration.h"
#include "bnn/infer/risk_coverage.h"
#include "bnn/infer/summary.h"

namespace bnn {

/// What the metrics need of one example.
struct ExampleRecord {
  int label = 0, predicted = 0;
  double confidence = 0, nll = 0, brier = 0;
  double predictive_entropy = 0, expected_entropy = 0, mutual_information = 0;

  bool correct() const { return predicted == label; }
};

/// The class against the rest. A value whose denominator is 0 is absent.
struct ClassMetrics {
  int label = 0;
  std::size_t examples = 0;         // examples of this class
  double accuracy = 0;              // share of all examples for which "is it this class?" is right
  std::optional<double> precision;  // share of the predictions of this class that are right
  std::optional<double> recall;     // share of the examples of this class that are found
  std::optional<double> auroc;      // of its probability; absent too if probabilities are not kept
  ClassFit fit = {};                // of its probability to its share of the labels
};

/// The metrics that are one number each; named_metrics.h lists them. Without examples all are NaN.
struct MetricValues {
  double accuracy = 0;
  double nll = 0;
  double brier = 0;
  double ece = 0;
  double adaptive_ece = 0;
  double mce = 0;
  double predictive_entropy = 0;
  double expected_entropy = 0;
  double mutual_information = 0;
  double aurc = 0;
  double augrc = 0;
  double coverage_at_5_risk = 0;
  double risk_at_80_coverage = 0;
  double smooth_ece = 0;
  double balanced_accuracy = 0;
  double macro_f1 = 0;
  double macro_auroc = 0;
  double class_ece = 0;
  BrierDecomposition brier_decomposition = {};
};

struct Metrics : MetricValues {
  std::size_t examples = 0;
  std::vector<RiskPoint> risk_at_coverage;                 // at kCoveragePercents
  std::vector<RiskPoint> risk_coverage;                    // at most 100 points, for a plot
  std::vector<ClassMetrics> per_class;                     // [classes]
  std::vector<std::vector<std::size_t>> confusion_matrix;  // [label][predicted], counts
  std::vector<CalibrationBin> calibration;                 // 15 bins of equal width
};

/// With more classes than this the confusion matrix, which grows with their square, is left empty.
constexpr int kMaxConfusionClasses = 2048;

/// Collects examples one by one, in any order; keeps 56 bytes of each and 480 of each class. Not
/// thread-safe.
class MetricsCollector {
 public:
  /// @param max_probabilities also keeps the class probabilities, 4 bytes each, as long as there
  ///        are at most that many; without them macro_auroc is NaN
  explicit MetricsCollector(int classes, std::size_t max_probabilities = 0);

  /// @param summary as `summarize` gives it, of this collector's number of classes
  /// @throws Error (data) if the label is not in [0, classes)
  void add(const Summary& summary, int label);

  /// The image at dataset index examples[i] has summaries[i] and labels[examples[i]].
  void add(std::span<const Summary> summaries, std::span<const std::uint32_t> examples,
           std::span<const int> labels);

  int classes() const { return classes_; }
  std::size_t examples() const { return records_.size(); }
  /// In the order of the calls of add.
  std::span<const ExampleRecord> records() const { return records_; }
  /// [examples][classes], or empty if there are more than max_probabilities.
  std::span<const float> probabilities() const { return probabilities_; }

  /// The metrics of all examples so far; more may be added afterwards.
  Metrics finish() const;

 private:
  double mean(double ExampleRecord::*value) const;
  void keep_probabilities(const std::vector<double>& probabilities);
  void add_calibration(Metrics& metrics) const;
  void add_classes(Metrics& metrics) const;
  void add_class_ranks(Metrics& metrics) const;

  int classes_;
  std::size_t max_probabilities_;
  std::vector<ExampleRecord> records_;
  std::vector<float> probabilities_;
  ClassCalibration class_calibration_;
};

}  // namespace bnn
