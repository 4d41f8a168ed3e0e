#pragma once
// Two layers as one: the second reads the outputs of the first, which are kept for backward.

#include <memory>
#include <utility>

#include "bnn/layers/layer.h"

namespace bnn {

class LayerPair final : public Layer {
 public:
  /// Layers with one input, without deferred weight gradients and without state.
  LayerPair(std::unique_ptr<Layer> first, std::unique_ptr<Layer> second, const Shape& input)
      : first_(std::move(first)), second_(std::move(second)), input_size_(input.size()) {}

  Shape output_shape() const override { return second_->output_shape(); }
  std::size_t prepared_size(bool input_gradients) const override;
  int prepare_tasks(bool input_gradients) const override;
  void prepare(const PrepareArgs& args) const override;
  void forward(const ForwardArgs& args) const override;
  void backward(const BackwardArgs& args) const override;
  std::size_t scratch_size(int examples) const override;
  /// Outputs of the first layer, and what both save.
  std::size_t saved_size() const override;
  double multiply_adds() const override {
    return first_->multiply_adds() + second_->multiply_adds();
  }
  bool works_by_example() const override {
    return first_->works_by_example() && second_->works_by_example();
  }

 private:
  struct Group;
  struct Buffers;
  template <typename Visit>
  void for_each_group(const Pass& pass, const Visit& visit) const;
  std::size_t between_size() const { return first_->output_shape().size(); }
  std::size_t first_prepared() const;

  std::unique_ptr<Layer> first_, second_;
  std::size_t input_size_;
};

}  // namespace bnn
