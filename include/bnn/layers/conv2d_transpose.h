#pragma once
// Transposed convolution, deterministic or under any estimator: the adjoint of a convolution over
// the output image, which spreads every input pixel over a window of outputs.
//
//     y = f(col2im(X W_bᵀ) + bias)
//
// X is the image [pixels][channels] and W_b [taps * filters][channels]: the kernel is
// [height][width][filters][channels], as in TensorFlow. image_map_layer.h has the estimators.
//
// Along one dimension, with n inputs, stride s and a kernel that covers k = (kernel - 1) d + 1, the
// output has, as in Keras,
//
//     valid   n s + max(k - s, 0), or (n - 1) s + k + output_padding
//     same    n s, or (n - 1) s + (k mod 2) + output_padding
//
// numbers. It is cut or filled up as the padding of the convolution over the output says.

#include <array>
#include <memory>
#include <optional>

#include "bnn/layers/activation.h"
#include "bnn/layers/layer_spec.h"
#include "bnn/layers/weights.h"
#include "bnn/math/window.h"

namespace bnn {

class ObjectReader;

struct Conv2dTransposeSpec {
  int filters = 0;
  WindowSpec window = {};
  std::optional<std::array<int, 2>> output_padding = {};
  Activation activation = Activation::linear;
  WeightsSpec weights = {};

  std::unique_ptr<Layer> make(const LayerArguments& arguments) const;
};

Conv2dTransposeSpec read_conv2d_transpose(ObjectReader& reader, WeightsKind kind);

/// The window of the convolution over the output whose outputs are the pixels of `input`. Throws
/// Error(config) with a sentence about the sizes if there is none.
Window transposed_window(const Shape& input, const Conv2dTransposeSpec& spec);

}  // namespace bnn
