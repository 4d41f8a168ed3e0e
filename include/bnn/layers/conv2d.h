#pragma once
// Two-dimensional convolution (cross-correlation, as everywhere in the field), deterministic or
// flipout: y = f(x * W_b + bias).
//
// With P output pixels, depth K = kernel_h * kernel_w * channels and F filters, an image is the
// im2col matrix cols [P][K], made in tiles of whole output rows that fit the cache. Two ways to
// compute a flipout layer give the same function:
//
//   per example   Y_b = cols(X_b) W_b with W_b = M + (s rᵀ) ∘ D assembled once an example: the work
//                 of a deterministic layer and passes over the kernel only;
//   two products  Y = cols M + ((cols ∘ s) D) ∘ r for several examples at once: twice the products,
//                 no pass over the kernel an example. It wins where P is small.
//
// The choice depends on the shapes alone, so results are reproducible. im2col is done again in the
// backward pass; nothing is kept between the passes but activations.

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "bnn/layers/activation.h"
#include "bnn/layers/layer.h"
#include "bnn/layers/weights.h"
#include "bnn/math/window.h"

namespace bnn {

struct Conv2dSpec {
  int filters = 0;
  WindowSpec window = {};
  Activation activation = Activation::linear;
  WeightsSpec weights = {};
};

/// What the two implementations share.
struct Conv2dGeometry {
  Window window;
  int filters;
  Activation activation;
  std::uint32_t index;  // of the layer: names its sign streams
  WeightTensor kernel, bias;

  std::size_t output_size() const {
    return static_cast<std::size_t>(window.pixels()) * static_cast<std::size_t>(filters);
  }
  std::size_t kernel_size() const { return kernel.value.size; }
  int channels() const { return window.input.channels; }
};

/// Declares the layer's variables and makes it. Throws Error(config) if the window does not fit.
/// @param index number of the layer within its graph.
std::unique_ptr<Layer> make_conv2d(const Conv2dSpec& spec, const std::string& name,
                                   std::uint32_t index, const Shape& input,
                                   ParameterLayout& layout);

/// Deterministic, and flipout with a kernel assembled for each example.
class Conv2dPerExample final : public Layer {
 public:
  explicit Conv2dPerExample(const Conv2dGeometry& geometry) : geometry_(geometry) {}

  Shape output_shape() const override;
  void forward(const ForwardArgs& args) const override;
  void backward(const BackwardArgs& args) const override;
  std::size_t scratch_size(int examples) const override;
  std::size_t saved_size() const override;
  double multiply_adds() const override;

 private:
  /// gradient [depth][filters] += cols(image)ᵀ dz
  void add_kernel_gradient(const float* image, const float* dz, float* columns,
                           float* gradient) const;
  /// dx = col2im(dz weightsᵀ)
  void input_gradient(const float* dz, const float* weights, float* columns, float* dx) const;

  Conv2dGeometry geometry_;
};

/// Flipout with two products over the examples of a shard together.
class Conv2dTwoProduct final : public Layer {
 public:
  explicit Conv2dTwoProduct(const Conv2dGeometry& geometry) : geometry_(geometry) {}

  Shape output_shape() const override;
  void forward(const ForwardArgs& args) const override;
  void backward(const BackwardArgs& args) const override;
  std::size_t scratch_size(int examples) const override;
  std::size_t saved_size() const override;
  double multiply_adds() const override;

 private:
  struct Group;
  struct Buffers;
  template <typename Visit>
  void for_each_group(int examples, const Visit& visit) const;
  void flip_columns(const Pass& pass, const Group& group, std::span<float> signs,
                    float* columns) const;
  void flip_outputs(const Pass& pass, const Group& group, std::span<float> signs,
                    float* outputs) const;
  void make_columns(const Group& group, const float* images, float* columns) const;
  void forward_group(const ForwardArgs& args, const Group& group, std::span<const float> bias,
                     const Buffers& buffers) const;
  void backward_group(const BackwardArgs& args, const Group& group, const Buffers& buffers) const;
  void backward_perturbation(const BackwardArgs& args, const Group& group,
                             const Buffers& buffers) const;

  Conv2dGeometry geometry_;
};

}  // namespace bnn
