#pragma once
// A convolution with 3x3 or 5x5 kernels by Winograd's minimal filtering (math/winograd.h): fewer
// multiplications for means, one shared sample and flipout alike. Per position of the transform
// and example, forward and backward are
//
//     Y = V W,  dW = Vᵀ dY,  dV = dY Wᵀ      V [tiles][channels], W [channels][filters]
//
// with W = U or, under flipout, U + (s rᵀ) ∘ E, where U and E are the transformed means and
// perturbation (winograd_kernels.h). Examples that share weights share one product. Gradients for U
// and E are summed in the transformed domain over a shard and transformed back once.

#include "bnn/layers/conv2d_form.h"
#include "bnn/layers/winograd_kernels.h"
#include "bnn/layers/winograd_tiling.h"

namespace bnn {

class Conv2dWinograd final : public Conv2dForm {
 public:
  /// Whether this form computes a layer: stride 1, whole vectors of channels and filters.
  static bool fits(const Conv2dGeometry& geometry);

  explicit Conv2dWinograd(const Conv2dGeometry& geometry);

  void forward(const ForwardArgs& args) const override;
  void backward(const BackwardArgs& args) const override;
  std::size_t scratch_size(int examples) const override;
  std::size_t prepared_size(bool input_gradients) const override;
  int prepare_tasks(bool input_gradients) const override;
  void prepare(const PrepareArgs& args) const override;
  double multiply_adds() const override;

 private:
  struct Buffers;
  WinogradKernels kernels() const { return {size_, geometry_}; }
  void draw_signs(const Pass& pass, const WinogradGroup& group, const Buffers& buffers) const;
  void transform_inputs(const float* images, const WinogradGroup& group,
                        const Buffers& buffers) const;
  void forward_group(const ForwardArgs& args, const WinogradGroup& group,
                     const Buffers& buffers) const;
  void backward_group(const BackwardArgs& args, const WinogradGroup& group,
                      const Buffers& buffers) const;
  void take_output_gradient(const BackwardArgs& args, const WinogradGroup& group, std::size_t i,
                            const Buffers& buffers) const;
  void add_kernel_gradient(const Pass& pass, const WinogradGroup& group, std::size_t position,
                           const Buffers& buffers) const;

  WinogradSize size_;
};

}  // namespace bnn
