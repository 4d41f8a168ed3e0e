#pragma once
// Two-dimensional convolution (cross-correlation, as everywhere in the field), deterministic or
// under any estimator: y = f(x * W_b + bias).
//
// With P output pixels, depth K = kernel_h * kernel_w * channels and F filters, an image is the
// im2col matrix cols [P][K], made in tiles of whole output rows that fit the cache. M and S are the
// kernel's means and scales [K][F]:
//
//   per example   (conv2d_per_example.h)
//                 Y_b = cols(X_b) W_b. Flipout: W_b = M + (s rᵀ) ∘ D, which own products make in
//                 the cache while they multiply, and OpenBLAS needs in memory. Independent
//                 weights: M + S ∘ E_b with noise of the example's own. One sample for the whole
//                 batch (reparameterization) and deterministic layers: all examples share W.
//   winograd      3x3 and 5x5 kernels (conv2d_winograd.h): one kernel per example as above, in a
//                 transformed space where 36 multiplications do the work of 144, 16 that of 36, or,
//                 for 5x5, 36 that of 100.
//   two products  (conv2d_two_product.h)
//                 flipout as Y = cols M + ((cols ∘ s) D) ∘ r for several examples at once: twice
//                 the products, no pass over the kernel per example. It wins where P is small.
//   local         (conv2d_local.h)
//                 local reparameterization (Kingma, Salimans and Welling, 2015): every output is
//                 drawn from its own distribution, Y = cols M + sqrt((cols ∘ cols) (S ∘ S)) ∘ Z, Z
//                 standard normal. Outputs of one example are then independent. Under the other
//                 estimators the outputs of a convolution are not, because weights are shared over
//                 space. A layer with one pixel, such as a dense one, has no such difference.
//
// The choice depends on estimator and shapes alone, so results are reproducible. The backward pass
// makes im2col and noise again. Only activations are kept between the passes.

#include <cstddef>
#include <memory>
#include <string>

#include "bnn/layers/activation.h"
#include "bnn/layers/layer_spec.h"
#include "bnn/layers/weights.h"
#include "bnn/math/window.h"

namespace bnn {

class ObjectReader;

struct Conv2dSpec {
  int filters = 0;
  WindowSpec window = {};
  Activation activation = Activation::linear;
  WeightsSpec weights = {};

  /// Declares the layer's variables and makes it.
  std::unique_ptr<Layer> make(const LayerArguments& arguments) const;
};

Conv2dSpec read_conv2d(ObjectReader& reader, WeightsKind kind);

/// What the implementations share.
struct Conv2dGeometry {
  Window window;
  int filters;
  Activation activation;
  Shape output;
  LayerNoise noise;
  WeightTensor kernel, bias;

  std::size_t output_size() const {
    return static_cast<std::size_t>(window.pixels()) * static_cast<std::size_t>(filters);
  }
};

/// Declares the layer's variables. Throws Error(config) if the window does not fit.
/// @param name whose variables they are: the layer's own, or one that it shares with another
/// @param tensor the name of the kernel
Conv2dGeometry declare_conv2d(const Conv2dSpec& spec, const std::string& name,
                              const LayerNoise& noise, const Shape& input, ParameterLayout& layout,
                              const std::string& tensor = kKernel);
/// The implementation for an estimator and a geometry.
std::unique_ptr<Layer> make_conv2d(Estimator estimator, const Conv2dGeometry& geometry);

}  // namespace bnn
