#pragma once
// Percentile bootstrap intervals: how far the metrics would move with another test set of the same
// size (Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13).
//
// A resample draws N examples with replacement; each metric is computed of every resample, and the
// interval lies between the 2.5 % and the 97.5 % quantile of the resamples' values (interpolated
// between neighbours, so the interval of one resample is a point). It reflects the sampling of
// test examples, not the variation between training runs or between Monte Carlo samples.
// Calibration errors are means of absolute values, which noise pushes up, as it does the Brier
// score's reliability; a resample adds noise once more, so their intervals may lie above the value
// itself.
//
// Draw i of resample r is random_below(stream, i, N) of the stream (seed, Site::bootstrap, step =
// r): an index into the examples as they are sorted by confidence, correctness (wrong first), NLL,
// Brier score, the three entropies, label, predicted class and class probabilities. So an interval
// depends, to the last bit, on the set of examples and the seed, and on neither order nor threads.

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <vector>

#include "bnn/core/thread_pool.h"
#include "bnn/infer/named_metrics.h"

namespace bnn {

/// The two ends of an interval; NaN where no resample defines the number.
struct Bounds {
  double lower = std::numeric_limits<double>::quiet_NaN(), upper = lower;

  bool defined() const { return !std::isnan(lower); }
};

struct ClassBounds {
  Bounds accuracy = {}, precision = {}, recall = {}, auroc = {};
};

/// 95 % intervals of the numbers of Metrics.
struct IntervalSet {
  std::array<Bounds, kNamedMetrics.size()> metrics = {};    // in the order of kNamedMetrics
  std::array<Bounds, kBrierParts.size()> brier_parts = {};  // in the order of kBrierParts
  std::vector<Bounds> risks = {};                           // at kCoveragePercents
  std::vector<ClassBounds> per_class = {};  // [classes]; empty beyond kMaxClassResamples

  const Bounds& of(double MetricValues::*value) const { return metrics[metric_index(value)]; }
  Bounds& of(double MetricValues::*value) { return metrics[metric_index(value)]; }
};

struct BootstrapSpec {
  std::size_t resamples = 1000;
  std::uint64_t seed = 0;
};

/// Class probabilities (examples times classes) that are worth keeping for the interval of
/// class_ece, of the Brier score's parts and of AUROC: up to 288 MiB here, and 128 MiB in the
/// collector.
constexpr std::size_t kMaxBootstrapProbabilities = std::size_t{1} << 25;

/// Classes times resamples up to which per_class has intervals: 48 MiB.
constexpr std::size_t kMaxClassResamples = std::size_t{1} << 21;

/// Takes 32 bytes per example for each resample group at work (as many as the pool has threads, or
/// fit 256 MiB), 72 bytes per example and, for each resample, 270 bytes and 32 a class.
/// @param collector its probabilities may be empty; then the intervals of class_ece, macro_auroc,
///        reliability and resolution are NaN
/// @param check called before every few resamples on the calling thread; what it throws ends this
/// @return NaN everywhere, and empty lists, without examples or resamples
IntervalSet bootstrap_intervals(const MetricsCollector& collector, const BootstrapSpec& spec,
                                ThreadPool& pool, const std::function<void()>& check = {});

/// The q-quantile, 0 <= q <= 1, of ascending values, of which there is at least one; between two of
/// them it is interpolated (Hyndman and Fan's type 7).
double quantile(std::span<const double> ascending, double q);

}  // namespace bnn
