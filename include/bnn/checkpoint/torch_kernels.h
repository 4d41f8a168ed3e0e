#pragma once
// Tensors of PyTorch's modules in the order of our variables.
//
//   convolution              [out, in, height, width]           -> [height, width, in, out]
//   transposed convolution   [in, out, height, width]           -> [height, width, out, in]
//   depthwise convolution    [in * multiplier, 1, height, width] -> [height, width, in, multiplier]
//   dense                    [out, in]                          -> [in, out]
//
// PyTorch flattens an image channel by channel, this program row by row unless its images are
// presented channels first; the rows of a dense kernel behind such a flatten are put in our order.
//
// Folding a batch normalisation y = gamma (x - mean) / sqrt(variance + epsilon) + beta into the
// layer before it: with s = gamma / sqrt(variance + epsilon), the kernel of output o becomes
// s_o times itself, and the bias s_o (bias_o - mean_o) + beta_o. Thread-safe: no state.

#include <optional>
#include <string>
#include <vector>

#include "bnn/checkpoint/torch_modules.h"
#include "bnn/core/shape.h"

namespace bnn {

/// PyTorch's epsilon of normalisation layers, unless a network sets another.
inline constexpr double kTorchEpsilon = 1e-5;

enum class TorchKernel { convolution, transposed, depthwise, dense };

/// The kernel in our order. Of other ranks than such a kernel has, the tensor as it is.
/// @param shape of our variable
/// @param flattened the image whose rows, columns and channels the layer reads as one vector
Tensor kernel_of_torch(const Tensor& weight, TorchKernel kind,
                       const std::vector<std::int64_t>& shape,
                       const std::optional<Shape>& flattened);

/// Puts numbers of such a vector in our order, one for each of its elements. Others stay.
void turn_flattened(const std::optional<Shape>& flattened, std::vector<float>& values);

/// A module that is applied to outputs, as factors and summands of each.
struct OutputScaling {
  std::vector<double> factors, summands;

  /// Of a batch normalisation in its evaluation. Empty if its tensors differ in size.
  explicit OutputScaling(const TorchModule& normalization);
  /// Changes a layer's kernel, in our order, and bias. False if it has other outputs.
  bool apply(TorchKernel kind, Tensor& kernel, std::vector<float>& bias) const;
};

}  // namespace bnn
