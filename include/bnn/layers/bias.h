#pragma once
// What follows the products in a convolution or dense layer: bias and activation, forward and back.
//
// The bias of one pass is loc + perturbation, the same for every example: flipout does not flip it.

#include <cstddef>
#include <span>

#include "bnn/layers/activation.h"
#include "bnn/layers/weights.h"

namespace bnn {

/// The bias of this pass: a view of the parameters, or the sampled bias written to `scratch`
/// (size floats), or an empty span if there is no bias.
std::span<const float> sample_bias(const WeightTensor& bias, const Pass& pass, float* scratch);

/// values [rows][channels] = activation(values + bias); `saved` as in activate().
void add_bias_and_activate(std::span<const float> bias, Activation activation, float* values,
                           int rows, std::size_t channels, float* saved);

/// Adds the column sums of `gradient` [rows][channels] to the bias's slices of
/// `parameters_gradient`.
void add_bias_gradient(const WeightTensor& bias, const float* gradient, int rows,
                       std::size_t channels, float* parameters_gradient);

}  // namespace bnn
