#pragma once
// Temperature scaling of the posterior predictive distribution (Guo et al., "On Calibration of
// Modern Neural Networks", ICML 2017), applied to the mean p over Monte Carlo samples:
//
//     p_T = softmax(log p / T)        T > 1 softens, T < 1 sharpens, T = 1 changes nothing
//
// In log p a probability is floored at 2^-126, as NLL floors it (metrics.h): classes that the
// network takes for impossible can be softened as well. T never changes which class is the most
// probable.
//
// The fit minimises the mean NLL over labelled examples, which is convex in b = 1 / T:
//     f'(b)  = mean over examples of (E_q[log p] - log p[y])     q = p_T
//     f''(b) = mean of Var_q[log p] >= 0
// by Newton's method, kept inside a bracket of the root of f' that bisection would halve. T is held
// within [0.05, 20]: where every label is the most probable class, NLL keeps falling as T -> 0.
//
// Uncertainty is split as follows. The weights w_k = p_k^(1/T - 1) that turn p into p_T (up to a
// factor) also turn each sample p_s into a distribution q_s, q_sk = p_sk w_k / Z_s. p_T is then
// exactly the mixture of the q_s with shares Z_s / sum of Z, so
//     predictive entropy = H[p_T], expected entropy = sum of shares * H[q_s], mutual information =
// their difference are never negative and add up for any T; T = 1 gives those of summary.h. Scaling
// each sample by T alone would have another mean than p_T; leaving the parts as they are would
// let the expected entropy exceed the whole. A standard deviation of a probability is that of the
// mixture. The variation ratio is not changed: T moves no sample's vote. Thread-safe: no state.

#include <cstddef>
#include <span>
#include <vector>

#include "bnn/infer/summary.h"

namespace bnn {

constexpr double kMinTemperature = 0.05, kMaxTemperature = 20.0;

/// p_T of one example; p itself if T is 1.
std::vector<double> scaled_probabilities(std::span<const double> probabilities, double temperature);

/// As summarize (summary.h), of probabilities scaled by a temperature.
Summary summarize_scaled(const float* probabilities, std::size_t samples, std::size_t stride,
                         int classes, double temperature);

/// What a temperature is fitted to: the probabilities and the label of every example.
struct LabelledProbabilities {
  int classes = 0;
  std::vector<double> probabilities = {};  // [examples][classes]
  std::vector<int> labels = {};            // [examples], each in [0, classes)

  std::size_t examples() const { return labels.size(); }
  std::span<const double> of(std::size_t example) const {
    const auto stride = static_cast<std::size_t>(classes);
    return {probabilities.data() + example * stride, stride};
  }
  void add(std::span<const double> p, int label);
};

/// Mean of -log p_T[y] in nats; NaN without examples.
double scaled_nll(const LabelledProbabilities& data, double temperature);

struct TemperatureFit {
  double temperature = 1;
  double nll_before = 0;  // at T = 1
  double nll_after = 0;   // never more
  bool at_bound = false;  // T is 0.05 or 20: a better one lies beyond
};

/// The best temperature. T = 1 where none is better, as for equal probabilities.
/// @throws Error (data) without examples
TemperatureFit fit_temperature(const LabelledProbabilities& data);

}  // namespace bnn
