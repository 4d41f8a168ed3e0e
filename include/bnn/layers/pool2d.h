#pragma once
// Pooling over windows, channel by channel.
//
// Padding never takes part: a maximum is over the cells inside the input, and an average divides by
// their number, as in TensorFlow. Where several cells tie for a maximum, the gradient goes to the
// first in row-major order.

#include "bnn/layers/layer_spec.h"
#include "bnn/math/window.h"

namespace bnn {

class ObjectReader;

enum class PoolKind { maximum, average };

struct Pool2dSpec {
  PoolKind kind = PoolKind::maximum;
  WindowSpec window = {};

  std::unique_ptr<Layer> make(const LayerArguments& arguments) const;
};

class Pool2d final : public Layer {
 public:
  Pool2d(const Pool2dSpec& spec, const Shape& input);

  Shape output_shape() const override;
  void forward(const ForwardArgs& args) const override;
  void backward(const BackwardArgs& args) const override;
  std::size_t scratch_size(int examples) const override;

 private:
  PoolKind kind_;
  Window window_;
};

/// The mean over all pixels of each channel; the output is flat.
class GlobalAveragePool2d final : public Layer {
 public:
  explicit GlobalAveragePool2d(const Shape& input) : input_(input) {}

  Shape output_shape() const override { return flat_shape(input_.channels); }
  void forward(const ForwardArgs& args) const override;
  void backward(const BackwardArgs& args) const override;

 private:
  Shape input_;
};

struct GlobalAveragePool2dSpec {
  std::unique_ptr<Layer> make(const LayerArguments& arguments) const;
};

Pool2dSpec read_pool2d(ObjectReader& reader, PoolKind kind);
inline GlobalAveragePool2dSpec read_global_average_pool2d(ObjectReader& /*reader*/) { return {}; }

}  // namespace bnn
