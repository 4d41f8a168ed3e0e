#pragma once
// A convolution with 3x3 kernels by Winograd's minimal filtering (math/winograd.h): 16 products per
// tile of 2x2 outputs instead of 36, for means, one shared sample and flipout alike. Per position
// of the transform and example, forward and backward are
//
//     Y = V W,  dW = Vᵀ dY,  dV = dY Wᵀ      V [tiles][channels], W [channels][filters]
//
// with W = U or, under flipout, U + (s rᵀ) ∘ E, where U and E are the transformed means and
// perturbation. Examples that share weights share one product. Gradients for U and E are summed in
// the transformed domain over a shard and transformed back once.

#include "bnn/layers/conv2d_form.h"
#include "bnn/math/winograd.h"

namespace bnn {

class Conv2dWinograd final : public Conv2dForm {
 public:
  /// Whether this form computes a layer: 3x3, stride 1, whole vectors of channels and filters.
  static bool fits(const Conv2dGeometry& geometry);

  explicit Conv2dWinograd(const Conv2dGeometry& geometry);

  void forward(const ForwardArgs& args) const override;
  void backward(const BackwardArgs& args) const override;
  std::size_t scratch_size(int examples) const override;
  double multiply_adds() const override;

 private:
  struct Group;
  struct Buffers;
  template <typename Visit>
  void for_each_group(int examples, const Visit& visit) const;
  void transform_kernels(const Pass& pass, const Buffers& buffers) const;
  void transform_transposed_kernels(const Pass& pass, const Buffers& buffers) const;
  void draw_signs(const Pass& pass, const Group& group, const Buffers& buffers) const;
  void transform_inputs(const float* images, const Group& group, const Buffers& buffers) const;
  void forward_group(const ForwardArgs& args, const Group& group, const Buffers& buffers) const;
  void multiply_position(const Pass& pass, const Group& group, std::size_t position,
                         const Buffers& buffers) const;
  void backward_group(const BackwardArgs& args, const Group& group, const Buffers& buffers) const;
  void take_output_gradient(const BackwardArgs& args, const Group& group, std::size_t i,
                            const Buffers& buffers) const;
  void backward_flipped_position(const BackwardArgs& args, const Group& group, std::size_t position,
                                 const Buffers& buffers) const;
  void backward_position(const BackwardArgs& args, const Group& group, std::size_t position,
                         const Buffers& buffers) const;

  WinogradSize size_;
};

}  // namespace bnn
