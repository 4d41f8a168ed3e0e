#pragma once
// What S Monte Carlo samples of the class probabilities say about one example.
//
// p_s is the softmax output of sample s and p = mean_s p_s the posterior predictive distribution.
//   predictive entropy   H[p]                 total uncertainty
//   expected entropy     mean_s H[p_s]        aleatoric: the part that more data cannot remove
//   mutual information   H[p] - mean_s H[p_s] epistemic: how much the samples disagree
// (Depeweg et al., "Decomposition of Uncertainty in Bayesian Deep Learning", ICML 2018.)
//   variation ratio      1 - share of the samples that vote for the class most voted for
// Three more numbers come from the outputs and features of the passes (outlier_scores.h).
// Entropies are in nats, with 0 log 0 = 0. All sums are taken in double precision, samples in
// order. Thread-safe: no state.

#include <array>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

#include "bnn/infer/undefined.h"

namespace bnn {

/// Class probabilities are floats: below this (2^-126) a float has lost its precision or is 0, so
/// logarithms of probabilities are taken of at least this.
constexpr double kSmallestProbability = std::numeric_limits<float>::min();

/// In nats.
double entropy(std::span<const double> probabilities);

/// The indices of the `count` largest probabilities (all, if there are fewer), the largest first;
/// of equal ones the lowest index first.
std::vector<std::size_t> most_probable(std::span<const double> probabilities, std::size_t count);

struct Summary {
  std::vector<double> probabilities;      // [classes], mean over the samples
  std::vector<double> probabilities_std;  // [classes], population standard deviation over them
  int predicted = 0;                      // arg max of the mean; the lowest index wins ties
  double confidence = 0;                  // probability of the predicted class
  double predictive_entropy = 0;
  double expected_entropy = 0;
  double mutual_information = 0;  // never negative: a rounding error below 0 is given as 0
  double variation_ratio = 0;     // in a sample's vote, too, the lowest index wins ties
  // Means over the samples of outlier_scores.h; undefined if the passes were not scored.
  double energy = kUndefined, max_logit = kUndefined, mahalanobis = kUndefined;
};

/// A number of a Summary that says how uncertain an example is: the more, the less certain.
struct UncertaintyScore {
  const char* name;  // the key in JSON, the column in CSV, the word of an option
  double Summary::*value;
};

/// In the order in which outputs list them.
constexpr std::array<UncertaintyScore, 4> kUncertaintyScores = {{
    {"predictive_entropy", &Summary::predictive_entropy},
    {"expected_entropy", &Summary::expected_entropy},
    {"mutual_information", &Summary::mutual_information},
    {"variation_ratio", &Summary::variation_ratio},
}};

/// A score for images of another kind, of outlier_scores.h.
struct OutlierScore {
  const char* name;  // as in UncertaintyScore
  double Summary::*value;
};

/// In the order of a scorer's numbers and of outputs.
constexpr std::array<OutlierScore, 3> kOutlierScores = {{
    {"energy", &Summary::energy},
    {"max_logit", &Summary::max_logit},
    {"mahalanobis", &Summary::mahalanobis},
}};

/// Summarizes one example. Every number of the result is finite, but for the outlier scores, which
/// are undefined.
/// @param probabilities [samples][stride]: sample s of this example begins at s * stride and has
///        `classes` numbers
/// @param samples at least 1
/// @throws Error (numerical) if a probability is not finite
Summary summarize(const float* probabilities, std::size_t samples, std::size_t stride, int classes);

}  // namespace bnn
