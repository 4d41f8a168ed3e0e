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

/// The same in float, for loops; of a scale of 2^-23 or less it is -87, whose scale is 2^-23. It is
/// ln s + s/2 + s²/24 - s⁴/2880 + s⁶/181440 up to s = 1, and s + ln(1 - e^-s) above.
template <MultiplyAdd kind = MultiplyAdd::separate>
inline float fast_untransformed_scale(float sigma) {
  constexpr float kLeast = 1.17549435e-38f;  // the least normal float
  const float difference = sigma - kScaleEpsilon;
  const float s = difference > kLeast ? difference : kLeast;
  const float square = s * s;
  float series = multiply_add<kind>(square, 1.0f / 181440.0f, -1.0f / 2880.0f);
  series = multiply_add<kind>(series, square, 1.0f / 24.0f);
  series = multiply_add<kind>(series, s, 0.5f);
  const float small = multiply_add<kind>(series, s, fast_log<kind>(s));
  const float large = s + fast_log<kind>(1.0f - fast_exp<kind>(-(s > 1.0f ? s : 1.0f)));
  return s > 1.0f ? large : small;
}

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
