#pragma once
// A convolution with a kernel for each example, or one that all share (example_weights.h): im2col
// tile by tile, one product per tile.

#include "bnn/layers/conv2d_form.h"
#include "bnn/layers/transposed_kernel.h"

namespace bnn {

/// A kernel for each example, or one that all share.
class Conv2dPerExample final : public Conv2dForm {
 public:
  using Conv2dForm::Conv2dForm;

  void forward(const ForwardArgs& args) const override;
  void backward(const BackwardArgs& args) const override;
  bool works_by_example() const override { return true; }
  std::size_t scratch_size(int examples) const override;
  std::size_t prepared_size(bool input_gradients) const override;
  int prepare_tasks(bool input_gradients) const override;
  void prepare(const PrepareArgs& args) const override;

 private:
  struct Buffers;
  TransposedKernel transposed() const;
  void add_kernel_gradient(const BackwardArgs& args, const float* image, const float* dz,
                           const Buffers& buffers) const;
  /// dx = col2im(dz Wᵀ)
  void input_gradient(const BackwardArgs& args, const float* dz, Buffers& buffers, float* dx) const;
};

}  // namespace bnn
