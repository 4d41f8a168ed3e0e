#pragma once
// The parametric rectifier (He et al., ICCV 2015): y = max(0, x) + alpha min(0, x), with one alpha
// a channel, "<layer>/alpha" [channels], the same at every pixel. (Keras has one alpha a number
// unless `shared_axes` are given: [1, 2] is this layer.)

#include <tuple>

#include "bnn/layers/layer_spec.h"

namespace bnn {

class ObjectReader;

struct PreluSpec {
  VariableSpec alpha = {};
  bool trainable = true;

  auto variables() const { return std::tie(alpha, trainable); }
  std::unique_ptr<Layer> make(const LayerArguments& arguments) const;
};

class Prelu final : public Layer {
 public:
  Prelu(const Slice& alpha, const Shape& shape) : alpha_(alpha), shape_(shape) {}

  Shape output_shape() const override { return shape_; }
  void forward(const ForwardArgs& args) const override;
  void backward(const BackwardArgs& args) const override;

 private:
  Slice alpha_;
  Shape shape_;
};

PreluSpec read_prelu(ObjectReader& reader);

}  // namespace bnn
