#pragma once
// Depthwise convolution of one image: each channel under its own kernel, without sums over
// channels.
//
//     y[p][c] = Σ_t x[p s + t d - pad][c] w[t][c]
//
// over the taps t that lie inside the image, t ascending; window.h has the geometry. A depth
// multiplier m is this sum over an image with each channel repeated m times. The loops go over
// channels, which are next to each other in memory. Thread-safe.

#include "bnn/math/window.h"

namespace bnn {

/// output [pixels][channels], overwritten.
/// @param kernel [taps][channels]
void depthwise(const Window& window, const float* image, const float* kernel, float* output);

/// gradient [taps][channels] += the gradient for the kernel.
void add_depthwise_kernel_gradient(const Window& window, const float* image,
                                   const float* output_gradient, float* gradient);

/// The gradient for the image, overwritten.
void depthwise_image_gradient(const Window& window, const float* output_gradient,
                              const float* kernel, float* image_gradient);

/// repeated [pixels][channels * times] = each number of image [pixels][channels], `times` times.
void repeat_channels(const float* image, std::size_t size, int times, float* repeated);
/// The adjoint: image = the sums of `times` neighbours of `repeated`.
void sum_repeated_channels(const float* repeated, std::size_t size, int times, float* image);

}  // namespace bnn
