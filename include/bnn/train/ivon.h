#pragma once
// IVON, improved variational online Newton (Shen et al., ICML 2024, Algorithm 1; team-approx-bayes,
// ivon-opt), over the gradients of any estimator. With K = λ/N (1/K is the effective sample size),
// a normal prior of scale s, the weight decay that it stands for, d = K / s², and g, f the gradient
// of the mean NLL for a mean and the curvature of it, element by element:
//
//   f = (d NLL / d sigma) / sigma
//   m = b1 m + (1 - b1) g
//   h = b2 h + (1 - b2) f + (1 - b2)² (h - f)² / (2 (h + d))
//   mu = mu - a' clip((m / (1 - b1^t) + d (mu - loc)) / (h + d)),   sigma² = K / (h + d)
//
// Flipout, local reparameterization, independent and shared draws all give d NLL / d sigma; with
// shared draws w = mu + sigma e it is e dNLL/dw, and f the published estimate. a' is the learning
// rate times c0, the h + d of the mean of the scale's initializer (with rescaled rates), so that
// the first steps are those of gradient descent at the learning rate.
//
// The state "estimate" is m of a mean or a point, and the curvature c = h + d of a scale. The
// update of c is c (1 + u + u²/2) with u = (1 - b2) (f - h) / c, so c stays above 0 whatever f is.
// At step 1 it is made from the stored scales, c = K / sigma²: h may begin below 0, where a
// posterior is wider than its prior.
//
// Points (biases, deterministic kernels, gains) are as if their h + d stayed 1: they move by
// a (m / (1 - b1^t) + the gradient of penalties), a the learning rate, without clip.

#include <cstdint>
#include <optional>
#include <span>

#include "bnn/train/optimizer.h"

namespace bnn {

struct IvonSpec {
  double learning_rate = 0.1;
  double beta_1 = 0.9;
  std::optional<double> beta_2 = {};       // none: ivon_beta_2
  std::optional<double> clip_radius = {};  // of a mean's step before the rate; none: no clip
  bool rescale_learning_rate = true;
};

/// Its keys in a config.
IvonSpec read_ivon(ObjectReader& reader);

OptimizerSpec ivon_optimizer(const IvonSpec& spec);

/// b2 of so many steps: 1 - 2 / steps, so that h averages half of the run; at least 0.9.
double ivon_beta_2(std::uint64_t planned_steps);

/// Throws Error(config), naming layer and key, for what has no place in the formulas above: priors
/// other than fixed normal ones, Monte Carlo divergences, a λ that is 0 or rises, and what would
/// change a scale or a gradient behind the optimizer's back.
void require_ivon_fits(const ParameterLayout& layout, const TrainingSpec& training);

/// The factors of one step for one tensor.
struct IvonStep {
  float beta_1, rest_1, rest_2;  // b1, 1 - b1, 1 - b2
  float correction;              // 1 / (1 - b1^t)
  float kl_scale;                // K
  float decay;                   // d
  float rate;                    // a'
  float radius;                  // of the clip
};

/// Gradients of one chunk.
struct IvonGradient {
  std::span<const float> loc, sigma;      // of the mean NLL
  std::span<const float> regularization;  // d (mu - loc) and the penalties' gradients
  float factor;                           // of all three
};

/// Moves means and untransformed scales, m and c.
void ivon_update(const IvonStep& step, const IvonGradient& gradient,
                 const ChunkParts<float>& values, const ChunkParts<float>& estimate);

}  // namespace bnn
