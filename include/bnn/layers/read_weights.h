#pragma once
// Reads the keys of a layer that describe its weights: `kernel_posterior_fn`,
// `kernel_posterior_tensor_fn`, `kernel_prior_fn`, `kernel_divergence_fn` and their four twins for
// the bias, or, for deterministic layers, initialisers, regularizers and constraints. A layer may
// have kernels of other names: the keys of `depthwise_kernel` are `depthwise_posterior_fn`, …
//
// The defaults are those of TensorFlow Probability: loc ~ N(0, 0.1), untransformed scale ~ N(-3,
// 0.1), prior N(0, 1) on the kernel and none on the bias, which is singular. The preset "r1_6" of a
// posterior has those of TensorFlow 1.6: glorot_uniform for both variables, which makes the scales
// about 0.69. Errors are added to the reader's problems.

#include <string>
#include <vector>

#include "bnn/core/json_reader.h"
#include "bnn/layers/weights.h"

namespace bnn {

/// All keys of the weights, marked as describing variables. The layer's type names the estimator;
/// that of the flipout layers can be replaced, so that one key changes a whole network.
/// @param kernels the names of their tensors
WeightsSpec read_weights(ObjectReader& reader, WeightsKind kind,
                         const std::vector<std::string>& kernels = {kKernel});

/// The keys `<name>_initializer`, `<name>_regularizer` and `<name>_constraint`.
VariableSpec read_variable(ObjectReader& reader, const std::string& name, const Json& initializer);

/// `{"l1": x, "l2": y}` or null; also for the outputs of a layer.
Regularizer read_regularizer(ObjectReader& parent, const std::string& key);

}  // namespace bnn
