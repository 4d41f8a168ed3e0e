#pragma once
// Flipout (Wen, Vicol, Ba, Tran and Grosse, ICLR 2018): every example of a batch gets its own
// perturbation of a weight matrix from one shared draw.
//
// With M the mean [depth][filters], D the shared perturbation and, for example b, signs s
// (one per input channel, repeated over the taps of a kernel: depth = taps * channels) and r (one
// per filter), the weights that example b sees are
//
//     W_b = M + (s rᵀ) ∘ D,
//
// a valid sample of the posterior, since D is symmetric about zero and independent element by
// element. Two examples' perturbations are uncorrelated. For loss L with G = dL/dW_b,
// dL/dM = G and dL/dD = (s rᵀ) ∘ G. Signs carry no gradient; the bias is not flipped. Products with
// W_b and these gradients are math/products.h's flipped products.
// All functions are pure and thread-safe.

#include <span>

#include "bnn/bayes/example_noise.h"

namespace bnn {

/// Signs of example b (a position in pass.examples) for the channels first, first + 1, … that enter
/// a layer.
void input_signs(const PassNoise& pass, const LayerNoise& layer, std::size_t b, std::size_t first,
                 std::span<float> signs);
/// Signs of example b for the filters or units first, first + 1, … that leave a layer.
void output_signs(const PassNoise& pass, const LayerNoise& layer, std::size_t b, std::size_t first,
                  std::span<float> signs);

/// Multiplies each row of `values` [rows][signs.size()] by the signs, in place.
void flip_rows(float* values, int rows, std::span<const float> signs);

/// target += values ∘ signs, row by row; both [rows][signs.size()].
void add_flipped_rows(const float* values, int rows, std::span<const float> signs, float* target);

}  // namespace bnn
