#pragma once
// Everything that one evaluation of a checkpoint found: plain numbers, for the report on the
// terminal, for JSON and for the HTML report. What was not asked for is empty.

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "bnn/infer/bootstrap.h"
#include "bnn/infer/metrics.h"
#include "bnn/infer/ood.h"

namespace bnn {

/// Why the network was run once and not with Monte Carlo samples.
enum class SinglePass { no, mean_weights, no_noise };

/// The metrics of the mean over the first `samples` samples.
struct SweepPoint {
  std::size_t samples = 0;
  double accuracy = 0, nll = 0, brier = 0, ece = 0, mutual_information = 0;
};

/// The test set after one corruption of one severity (1 to 5).
struct CorruptionResult {
  std::string corruption;
  int severity = 0;
  double accuracy = 0, nll = 0, ece = 0;
};

/// Split-conformal prediction sets.
struct ConformalResult {
  double target = 0;     // the coverage asked for
  double threshold = 0;  // a class is in the set if its score is at most this; may be infinite
  std::size_t calibration_examples = 0;
  double coverage = 0;                      // share of the examples whose set holds the label
  double mean_size = 0;                     // classes in a set
  std::vector<std::size_t> size_counts{};   // [classes + 1]: how many sets have that many classes
  std::vector<std::size_t> size_covered{};  // [classes + 1]: how many of them hold the label
  std::vector<double> class_coverage{};     // [classes]: by label; NaN without examples
  std::string score = {};                   // "lac" or "aps"
};

/// The network with only the weights of the highest signal-to-noise ratio, the rest 0.
struct PruningPoint {
  double kept = 0;  // share of the random weights that are left
  double accuracy = 0, nll = 0, ece = 0;
};

struct Evaluation {
  Metrics metrics;                             // of the Monte Carlo mean
  std::size_t samples = 1;                     // Monte Carlo samples an example
  std::vector<std::string> class_names;        // empty if not known
  std::optional<OodMetrics> ood = {};          // of --ood
  std::optional<MetricIntervals> intervals{};  // of `metrics`
  std::optional<Metrics> mean_weights = {};    // of one pass with the means, beside the samples
  std::vector<SweepPoint> sweep = {};          // ascending by samples
  std::vector<CorruptionResult> corruptions{};
  std::optional<double> temperature = {};  // that the probabilities were made with
  std::optional<ConformalResult> conformal = {};
  std::vector<PruningPoint> pruning = {};
  SinglePass single_pass = SinglePass::no;
  std::size_t members = 1;  // networks that were averaged; `samples` counts those of all
};

}  // namespace bnn
