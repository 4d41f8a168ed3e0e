#pragma once
// Out-of-distribution detection: does a score separate out-of-distribution examples from the test
// set?
//
// The out-of-distribution set is the positive class, and a high score means "out". With a threshold
// at every distinct score (examples of equal score are taken together, so the order of examples
// does not matter):
//   auroc   area under the ROC curve: the probability that an "out" example scores higher than an
//           "in" example, where a tie counts one half
//   aupr    average precision: sum over thresholds of (recall step) * precision
//   aupr_in the same with the other convention: the test set is the positive class, and a low score
//           means "in". Both depend on the sizes of the sets; a useless score gives the positive
//           class's share of all examples
//   fpr95   share of "in" examples taken for "out" at the highest threshold that finds at least
//           95 % of the "out" examples
// All are NaN if one of the sets is empty. Thread-safe: no state.

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "bnn/infer/summary.h"

namespace bnn {

struct Detection {
  double auroc = 0;
  double aupr = 0;
  double fpr95 = 0;
  double aupr_in = 0;
};

/// @param inside, outside finite scores; high means "out"
Detection detection(std::span<const double> inside, std::span<const double> outside);

/// The scores of a set of examples.
struct OodScores {
  std::vector<double> predictive_entropy;
  std::vector<double> expected_entropy;
  std::vector<double> mutual_information;
  std::vector<double> max_probability;  // -confidence, since a low confidence means "out"
  // Of outlier_scores.h; empty if the passes were not scored.
  std::vector<double> energy;
  std::vector<double> max_logit;  // negative, since a low one means "out"
  std::vector<double> mahalanobis;

  void add(const Summary& summary);
};

/// Absent for a score that no example has.
struct OodMetrics {
  std::size_t examples = 0;  // in the out-of-distribution set
  std::optional<Detection> predictive_entropy = {};
  std::optional<Detection> expected_entropy = {};
  std::optional<Detection> mutual_information = {};
  std::optional<Detection> max_probability = {};
  std::optional<Detection> energy = {};
  std::optional<Detection> max_logit = {};
  std::optional<Detection> mahalanobis = {};
};

/// The scores that are compared, in the order in which outputs list them. A new one is a row here,
/// a member of OodScores and of OodMetrics, and a line in OodScores::add.
struct NamedOodScore {
  const char* name;   // the key in JSON and the row on the terminal
  const char* title;  // in running text
  std::vector<double> OodScores::*scores;
  std::optional<Detection> OodMetrics::*detection;
};

constexpr std::array<NamedOodScore, 7> kOodScores = {{
    {"predictive_entropy", "predictive entropy", &OodScores::predictive_entropy,
     &OodMetrics::predictive_entropy},
    {"expected_entropy", "expected entropy", &OodScores::expected_entropy,
     &OodMetrics::expected_entropy},
    {"mutual_information", "mutual information", &OodScores::mutual_information,
     &OodMetrics::mutual_information},
    {"max_probability", "maximum probability", &OodScores::max_probability,
     &OodMetrics::max_probability},
    {"energy", "energy", &OodScores::energy, &OodMetrics::energy},
    {"max_logit", "maximum logit", &OodScores::max_logit, &OodMetrics::max_logit},
    {"mahalanobis", "Mahalanobis distance", &OodScores::mahalanobis, &OodMetrics::mahalanobis},
}};

OodMetrics ood_metrics(const OodScores& inside, const OodScores& outside);

}  // namespace bnn
