#pragma once
// Separable convolution, deterministic or under any estimator: a depthwise convolution
// (depthwise_conv2d.h) without bias, and a 1x1 convolution (conv2d.h) over its outputs, which has
// bias and activation.
//
//     y = f(depthwise(x, D_b) P_b + bias)
//
// Kernels are as in TensorFlow: depthwise_kernel [height][width][channels][m], pointwise_kernel
// [1][1][channels * m][filters]. Under flipout each has signs of its own; under local
// reparameterization the outputs of both are sampled.

#include <memory>

#include "bnn/layers/activation.h"
#include "bnn/layers/layer_spec.h"
#include "bnn/layers/weights.h"
#include "bnn/math/window.h"

namespace bnn {

class ObjectReader;

/// The name of the second tensor.
inline const std::string kPointwiseKernel = "pointwise_kernel";

struct SeparableConv2dSpec {
  int filters = 0;
  WindowSpec window = {};
  int depth_multiplier = 1;
  Activation activation = Activation::linear;
  WeightsSpec weights = {};

  std::unique_ptr<Layer> make(const LayerArguments& arguments) const;
};

SeparableConv2dSpec read_separable_conv2d(ObjectReader& reader, WeightsKind kind);

}  // namespace bnn
