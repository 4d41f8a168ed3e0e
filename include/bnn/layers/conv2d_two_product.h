#pragma once
// A convolution under flipout with two products over several examples of a shard together,
// Y = cols M + ((cols ∘ s) D) ∘ r. It wins where the output has few pixels (conv2d.cpp).

#include <span>

#include "bnn/layers/conv2d_form.h"
#include "bnn/layers/transposed_kernel.h"

namespace bnn {

class Conv2dTwoProduct final : public Conv2dForm {
 public:
  using Conv2dForm::Conv2dForm;

  void forward(const ForwardArgs& args) const override;
  void backward(const BackwardArgs& args) const override;
  std::size_t scratch_size(int examples) const override;
  std::size_t prepared_size(bool input_gradients) const override;
  int prepare_tasks(bool input_gradients) const override;
  void prepare(const PrepareArgs& args) const override;
  double multiply_adds() const override;

 private:
  struct Group;
  struct Buffers;
  TransposedKernel transposed() const;
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
};

}  // namespace bnn
