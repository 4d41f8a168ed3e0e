#pragma once
// What S Monte Carlo samples of the class probabilities say about one example.
//
// p_s is the softmax output of sample s and p = mean_s p_s the posterior predictive distribution.
//   predictive entropy   H[p]                 total uncertainty
//   expected entropy     mean_s H[p_s]        aleatoric: the part that more data cannot remove
//   mutual information   H[p] - mean_s H[p_s] epistemic: how much the samples disagree
// (Depeweg et al., "Decomposition of Uncertainty in Bayesian Deep Learning", ICML 2018.)
//   variation ratio      1 - share of the samples that vote for the class most voted for
// Entropies are in nats, with 0 log 0 = 0. All sums are taken in double precision, samples in
// order. Thread-safe: no state.

#include <cstddef>
#include <vector>

namespace bnn {

struct Summary {
  std::vector<double> probabilities;      // [classes], mean over the samples
  std::vector<double> probabilities_std;  // [classes], population standard deviation over them
  int predicted = 0;                      // arg max of the mean; the lowest index wins ties
  double confidence = 0;                  // probability of the predicted class
  double predictive_entropy = 0;
  double expected_entropy = 0;
  double mutual_information = 0;  // never negative: a rounding error below 0 is given as 0
  double variation_ratio = 0;     // in a sample's vote, too, the lowest index wins ties
};

/// Summarizes one example. Every number of the result is finite.
/// @param probabilities [samples][stride]: sample s of this example begins at s * stride and has
///        `classes` numbers
/// @param samples at least 1
/// @throws Error (numerical) if a probability is not finite
Summary summarize(const float* probabilities, std::size_t samples, std::size_t stride, int classes);

}  // namespace bnn
