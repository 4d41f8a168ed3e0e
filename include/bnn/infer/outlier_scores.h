#pragma once
// Scores for images of another kind than those of training, of one pass of a classifier's network.
// f are its outputs (logits), before any temperature:
//   energy       -ln sum over k of exp(f_k), in nats; high: no class has evidence (Liu et al.,
//                "Energy-based Out-of-distribution Detection", NeurIPS 2020, with T = 1)
//   max_logit    max over k of f_k; low: the same (Hendrycks et al., "Scaling Out-of-Distribution
//                Detection for Real-World Settings", ICML 2022)
//   mahalanobis  the squared distance of the features to the nearest class (class_gaussians.h)
// Over Monte Carlo samples and the networks of an ensemble, the mean of the passes' scores counts.

#include <cstddef>
#include <optional>
#include <span>

#include "bnn/infer/class_gaussians.h"
#include "bnn/infer/pass_scorer.h"

namespace bnn {

double energy(std::span<const float> logits);
double max_logit(std::span<const float> logits);

/// Numbers of an image in a pass: energy, max_logit and, with Gaussians, mahalanobis.
constexpr std::size_t kLogitScores = 2, kAllOutlierScores = 3;

class OutlierScorer : public PassScorer {
 public:
  /// @param gaussians of the network's features, which must outlive this, or null
  explicit OutlierScorer(const ClassGaussians* gaussians);

  std::size_t size() const override { return distance_ ? kAllOutlierScores : kLogitScores; }
  void score(const PassView& pass, std::span<float> scores) const override;

 private:
  std::optional<MahalanobisDistance> distance_;
};

}  // namespace bnn
