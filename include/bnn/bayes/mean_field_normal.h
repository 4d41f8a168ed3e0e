#pragma once
// The mean-field normal posterior q(w) = Normal(mu, sigma), sigma = 2^-23 + softplus(u), element by
// element over spans of one length. All functions are pure and thread-safe. divergence.h has its
// divergence from a prior.
//
// A sample is mu + sigma * noise with noise ~ Normal(0, 1) (Kingma and Welling, 2014). The chain
// rule back to u is d sigma / d u = sigmoid(u).

#include <span>

#include "bnn/core/elementary.h"

namespace bnn {

/// Added to softplus so that a scale is never zero: the epsilon of float32.
constexpr float kScaleEpsilon = 1.1920929e-7f;

/// sigma.
template <MultiplyAdd kind = MultiplyAdd::separate>
inline float scale_of(float u) {
  return kScaleEpsilon + softplus<kind>(u);
}

/// The u of a scale above 2^-23: the inverse of scale_of, ln(e^s - 1) with s = sigma - 2^-23.
float untransformed_scale_of(double sigma);

/// perturbation = sigma(u) * noise. Overwritten.
void perturb(std::span<const float> untransformed_scale, std::span<const float> noise,
             std::span<float> perturbation);

/// Turns the gradient for the perturbation into the gradient for u, in place:
/// du = dperturbation * noise * sigmoid(u).
void perturbation_gradient_to_scale(std::span<const float> untransformed_scale,
                                    std::span<const float> noise, std::span<float> gradient);

/// The same for sigma: dsigma = dperturbation * noise.
void perturbation_gradient_to_sigma(std::span<const float> noise, std::span<float> gradient);

/// Turns a gradient for u into that for sigma, in place: dsigma = du / sigmoid(u).
void scale_gradient_to_sigma(std::span<const float> untransformed_scale, std::span<float> gradient);

}  // namespace bnn
