#pragma once
// A convolution with a kernel for each example, or one that all share (example_weights.h): im2col
// tile by tile, one product per tile.

#include "bnn/layers/conv2d_form.h"

namespace bnn {

/// A kernel for each example, or one that all share.
class Conv2dPerExample final : public Conv2dForm {
 public:
  using Conv2dForm::Conv2dForm;

  void forward(const ForwardArgs& args) const override;
  void backward(const BackwardArgs& args) const override;
  std::size_t scratch_size(int examples) const override;

 private:
  struct Buffers;
  /// gradient [depth][filters] += cols(image)ᵀ dz
  void add_kernel_gradient(const float* image, const float* dz, float* columns,
                           float* gradient) const;
  /// dx = col2im(dz weightsᵀ)
  void input_gradient(const float* dz, const float* weights, float* columns, float* dx) const;
};

}  // namespace bnn
