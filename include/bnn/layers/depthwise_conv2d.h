#pragma once
// Depthwise convolution, deterministic or under any estimator: every channel of the image has
// kernels of its own, `depth_multiplier` of them.
//
//     y[p][c m + j] = f(Σ_t x[p s + t d - pad][c] W_b[t][c][j] + bias[c m + j])
//
// The kernel is [height][width][channels][m], as in TensorFlow; there are channels * m outputs.
// math/depthwise.h has the loops, image_map_layer.h the estimators.

#include <memory>
#include <string>

#include "bnn/layers/activation.h"
#include "bnn/layers/image_map.h"
#include "bnn/layers/layer_spec.h"
#include "bnn/layers/weights.h"
#include "bnn/math/window.h"

namespace bnn {

class ObjectReader;

/// The name of the tensor.
inline const std::string kDepthwiseKernel = "depthwise_kernel";

struct DepthwiseConv2dSpec {
  WindowSpec window = {};
  int depth_multiplier = 1;
  Activation activation = Activation::linear;
  WeightsSpec weights = {};

  std::unique_ptr<Layer> make(const LayerArguments& arguments) const;
};

DepthwiseConv2dSpec read_depthwise_conv2d(ObjectReader& reader, WeightsKind kind);

/// The window and the number of kernels a channel of a depthwise convolution.
struct DepthwiseGeometry {
  Window window;
  int multiplier;

  int outputs() const { return window.input.channels * multiplier; }
};

/// Throws Error(config) if the window does not fit or the output is too large.
DepthwiseGeometry depthwise_geometry(const Shape& input, const WindowSpec& window, int multiplier);
std::shared_ptr<const ImageMap> depthwise_map(const DepthwiseGeometry& geometry);
/// Declares the tensor of the kernel.
WeightTensor declare_depthwise_kernel(const WeightDeclarations& where,
                                      const DepthwiseGeometry& geometry);

}  // namespace bnn
