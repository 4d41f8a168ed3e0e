#pragma once
// The metrics of bootstrap resamples: of the same examples, each counted a number of times.
//
// A resample's metrics are those that a MetricsCollector would find of a list with every example as
// often as the resample has it, up to rounding: here they come from one walk over the examples,
// prepared once, for eight resamples at a time. Thread-safe: only reads after construction.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "bnn/infer/class_ranks.h"
#include "bnn/infer/metrics.h"

namespace bnn {

constexpr std::size_t kResampleLanes = 8;

/// The metrics of one resample; NaN where it does not define them.
struct Resample : MetricValues {
  struct Class {
    double accuracy = 0, precision = 0, recall = 0, auroc = 0;
  };
  std::vector<double> risks;     // at kCoveragePercents
  std::vector<Class> per_class;  // [classes], or empty
};

class ResampledMetrics {
 public:
  /// One number for each resample.
  using Lanes = std::array<double, kResampleLanes>;
  using Results = std::array<Resample, kResampleLanes>;

  /// Copies what it needs; takes 72 bytes per example and 9 per class probability that was kept.
  /// @param with_classes whether results have per_class
  ResampledMetrics(const MetricsCollector& collector, bool with_classes);

  std::size_t examples() const { return records_.size(); }

  /// @param times [examples][kResampleLanes]: how often each resample has each example, in the
  ///        order of bootstrap.h; a resample has as many examples in all as there are. Floats,
  ///        since they are multiplied with numbers of examples; whole numbers up to 2^24 are exact
  /// @return without kept probabilities class_ece, AUROC and two parts of the decomposition are NaN
  Results evaluate(std::span<const float> times) const;

 private:
  double count() const { return static_cast<double>(records_.size()); }
  void add_means(std::span<const float> times, Results& results) const;
  void add_equal_width(std::span<const float> times, Results& results) const;
  void add_classes(std::span<const float> times, Results& results) const;
  void add_class_calibration(std::span<const float> times, Results& results) const;
  double adaptive_ece(const float* times) const;
  void add_class_ranks(std::span<const float> times, Results& results) const;
  void add_smooth_calibration(std::span<const float> times, Results& results) const;
  void add_ranked(const float* times, Resample& result) const;

  int classes_;
  bool with_classes_;
  std::vector<ExampleRecord> records_;  // ascending by confidence
  std::vector<float> class_gaps_;       // [examples][classes]: 1[k = label] - p_k; or empty
  std::vector<std::uint8_t> class_bins_;
  std::optional<ClassRanks> class_ranks_;
  std::vector<double> harmonic_;  // element n is the sum of 1 / k over k = 1 … n
};

}  // namespace bnn
