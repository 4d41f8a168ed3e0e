#pragma once
// The metrics of a classifier over N labelled examples, from the summaries of their Monte Carlo
// samples. p is the posterior predictive distribution of an example and y its label.
//
//   accuracy   share of the examples with arg max p = y
//   nll        mean of -log p[y], in nats; p[y] is floored at 2^-126 (about 1.2e-38, the smallest
//              normal float), so that an example costs at most 87.34 nats and the mean is finite
//   brier      mean of sum_k (p_k - 1[k = y])^2, in [0, 2] (Brier 1950)
//   ece, mce   expected and largest calibration error over 15 bins of equal width (calibration.h)
//   adaptive_ece  the same sum as ece over 15 bins of equal count
//   aurc       area under the risk-coverage curve (risk_coverage.h)
//   predictive_entropy, expected_entropy, mutual_information   means, in nats (summary.h)
//
// Every number depends, to the last bit, on the set of examples alone and not on their order: sums
// are taken over sorted values.

#include <cstddef>
#include <optional>
#include <vector>

#include "bnn/infer/calibration.h"
#include "bnn/infer/summary.h"

namespace bnn {

/// The class against the rest. A value whose denominator is 0 is absent.
struct ClassMetrics {
  int label = 0;
  std::size_t examples = 0;         // examples of this class
  double accuracy = 0;              // share of all examples for which "is it this class?" is right
  std::optional<double> precision;  // share of the predictions of this class that are right
  std::optional<double> recall;     // share of the examples of this class that are found
};

/// Without examples all means are NaN.
struct Metrics {
  std::size_t examples = 0;
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
  std::vector<ClassMetrics> per_class;                     // [classes]
  std::vector<std::vector<std::size_t>> confusion_matrix;  // [label][predicted], counts
  std::vector<CalibrationBin> calibration;                 // 15 bins of equal width
};

/// With more classes than this the confusion matrix, which grows with their square, is left empty.
constexpr int kMaxConfusionClasses = 2048;

/// Collects examples one by one, in any order; keeps 56 bytes of each. Not thread-safe.
class MetricsCollector {
 public:
  explicit MetricsCollector(int classes);

  /// @param summary as `summarize` gives it, of this collector's number of classes
  /// @throws Error (data) if the label is not in [0, classes)
  void add(const Summary& summary, int label);

  std::size_t examples() const { return records_.size(); }

  /// The metrics of all examples so far; more may be added afterwards.
  Metrics finish() const;

 private:
  struct Record {
    int label, predicted;
    double confidence, nll, brier;
    double predictive_entropy, expected_entropy, mutual_information;
  };

  double mean(double Record::*value) const;
  void add_calibration(Metrics& metrics) const;
  void add_classes(Metrics& metrics) const;

  int classes_;
  std::vector<Record> records_;
};

}  // namespace bnn
