#pragma once
// The mean-field normal posterior q(w) = Normal(mu, sigma), sigma = 2^-23 + softplus(u), element by
// element over spans of one length. All functions are pure and thread-safe.
//
// A sample is mu + sigma * noise with noise ~ Normal(0, 1) (Kingma and Welling, 2014). The chain
// rule back to u is d sigma / d u = sigmoid(u).
// KL(q || Normal(m, s)) = sum of (mu - m)^2 / (2 s^2) + (r - 1 - ln r) / 2 with r = sigma^2 / s^2.

#include <span>

#include "bnn/bayes/normal_prior.h"

namespace bnn {

/// Added to softplus so that a scale is never zero: the epsilon of float32.
constexpr float kScaleEpsilon = 1.1920929e-7f;

/// perturbation = sigma(u) * noise. Overwritten.
void perturb(std::span<const float> untransformed_scale, std::span<const float> noise,
             std::span<float> perturbation);

/// Turns the gradient for the perturbation into the gradient for u, in place:
/// du = dperturbation * noise * sigmoid(u).
void perturbation_gradient_to_scale(std::span<const float> untransformed_scale,
                                    std::span<const float> noise, std::span<float> gradient);

/// KL(q || prior) in nats, summed over the elements; accumulated in double.
double kl_divergence(std::span<const float> loc, std::span<const float> untransformed_scale,
                     const NormalPrior& prior);

/// Adds weight * dKL/dmu and weight * dKL/du to the two gradients and returns the KL in nats.
double add_kl_gradient(std::span<const float> loc, std::span<const float> untransformed_scale,
                       const NormalPrior& prior, float weight, std::span<float> loc_gradient,
                       std::span<float> scale_gradient);

}  // namespace bnn
