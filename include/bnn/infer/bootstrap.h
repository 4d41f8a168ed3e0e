#pragma once
// Percentile bootstrap intervals: how far the metrics would move with another test set of the same
// size (Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13).
//
// A resample draws N examples with replacement; each metric is computed of every resample, and the
// interval lies between the 2.5 % and the 97.5 % quantile of the resamples' values (interpolated
// between neighbours, so the interval of one resample is a point). It speaks of the choice of test
// examples alone, not of training or of the Monte Carlo samples. Calibration errors are means of
// absolute values, which noise pushes up, as it does the Brier score's reliability; a resample adds
// noise once more, so their intervals may lie above the value itself.
//
// Draw i of resample r is random_below(stream, i, N) of the stream (seed, Site::bootstrap, step =
// r): an index into the examples as they are sorted by confidence, correctness (wrong first), NLL,
// Brier score, the three entropies, label, predicted class and class probabilities. So an interval
// depends, to the last bit, on the set of examples and the seed, and on neither order nor threads.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>

#include "bnn/core/thread_pool.h"
#include "bnn/infer/metrics.h"

namespace bnn {

/// The bounds of 95 % intervals: that of `nll` goes from lower.nll to upper.nll. Filled are the
/// numbers of kNamedMetrics, brier_decomposition, the risks of risk_at_coverage and, up to
/// kMaxClassResamples, those of per_class; a number that no resample defines is NaN or absent.
struct MetricIntervals {
  Metrics lower, upper;
};

struct BootstrapSpec {
  std::size_t resamples = 1000;
  std::uint64_t seed = 0;
};

/// Class probabilities (examples times classes) that are worth keeping for the interval of
/// class_ece and of the Brier score's parts: up to 160 MiB here, and 128 MiB in the collector.
constexpr std::size_t kMaxBootstrapProbabilities = std::size_t{1} << 25;

/// Classes times resamples up to which per_class has intervals: 112 MiB.
constexpr std::size_t kMaxClassResamples = std::size_t{1} << 21;

/// Takes 32 bytes an example for each resample group at work (as many as the pool has threads, or
/// fit 256 MiB), 72 bytes an example and, for each resample, 640 bytes and 56 a class beside.
/// @param collector its probabilities may be empty; then the intervals of class_ece, reliability
///        and resolution are NaN
/// @param check called before every few resamples on the calling thread; what it throws ends this
/// @return NaN everywhere without examples or resamples
MetricIntervals bootstrap_intervals(const MetricsCollector& collector, const BootstrapSpec& spec,
                                    ThreadPool& pool, const std::function<void()>& check = {});

/// The q-quantile, 0 <= q <= 1, of ascending values, of which there is at least one; between two of
/// them it is interpolated (Hyndman and Fan's type 7).
double quantile(std::span<const double> ascending, double q);

}  // namespace bnn
