#pragma once
// What follows the products in a convolution or dense layer: bias and activation, forward and back.
//
// The bias of one pass is a sample that all examples share: flipout does not flip it.

#include <cstddef>
#include <span>

#include "bnn/layers/activation.h"
#include "bnn/layers/weights.h"

namespace bnn {

/// The bias of this pass, or an empty span if there is none.
inline std::span<const float> bias_of(const WeightTensor& bias, const Pass& pass) {
  if (bias.size() == 0) return {};
  return {bias.common(pass), bias.size()};
}

/// values [rows][channels] = activation(values + bias); `saved` as in activate().
void add_bias_and_activate(std::span<const float> bias, Activation activation, float* values,
                           int rows, std::size_t channels, float* saved);

/// Adds the column sums of `gradient` [rows][channels] to the bias's part of
/// `parameters_gradient`.
void add_bias_gradient(const WeightTensor& bias, const Pass& pass, const float* gradient, int rows,
                       std::size_t channels, float* parameters_gradient);

}  // namespace bnn
