#pragma once
// Everything that one evaluation of a checkpoint found: plain numbers, for the report on the
// terminal, for JSON and for the HTML report. What was not asked for is empty.

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "bnn/infer/bootstrap.h"
#include "bnn/infer/conformal.h"
#include "bnn/infer/metrics.h"
#include "bnn/infer/ood.h"

namespace bnn {

/// Why the network was run once and not with Monte Carlo samples.
enum class SinglePass { no, mean_weights, no_noise };

/// The metrics of the mean over the first `samples` samples.
struct SweepPoint {
  std::size_t samples = 0;
  MetricValues metrics = {};
};

/// The metrics of the test set after one corruption of one severity (1 to 5).
struct CorruptionResult {
  std::string corruption;
  int severity = 0;
  MetricValues metrics = {};
  /// How well each of kOodScores tells these images from the images as they are; undefined for a
  /// score that is not known. Empty if no out-of-distribution images were asked for.
  std::vector<double> auroc = {};
};

/// The metrics of the network with only the weights of the highest signal-to-noise ratio; the rest
/// are 0.
struct PruningPoint {
  double kept = 0;  // share of the random weights that are left
  MetricValues metrics = {};
};

struct Evaluation {
  Metrics metrics;                                // of the Monte Carlo mean
  std::size_t samples = 1;                        // Monte Carlo samples per example
  std::vector<std::string> class_names;           // empty if not known
  std::optional<OodMetrics> ood = {};             // of --ood
  std::optional<IntervalSet> intervals = {};      // of `metrics`
  std::optional<MetricValues> mean_weights = {};  // of one pass with the posterior means
  std::vector<SweepPoint> sweep = {};             // ascending by samples
  std::vector<CorruptionResult> corruptions = {};
  std::optional<double> temperature = {};  // that the probabilities were made with
  std::optional<ConformalResult> conformal = {};
  std::vector<PruningPoint> pruning = {};
  SinglePass single_pass = SinglePass::no;
  std::size_t members = 1;  // networks that were averaged; `samples` counts those of all
};

}  // namespace bnn
