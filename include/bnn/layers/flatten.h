#pragma once
// Reads an image as one vector, in the order of its presentation: row, column, channel, or,
// channels first, channel, row, column. The former is how an image lies in memory, so nothing is
// done; the latter transposes.

#include "bnn/layers/layer_spec.h"

namespace bnn {

class ObjectReader;

class Flatten final : public Layer {
 public:
  explicit Flatten(const Shape& input);

  Shape output_shape() const override { return shape_; }
  bool is_view() const override { return !input_.channels_first; }
  void forward(const ForwardArgs& args) const override;
  void backward(const BackwardArgs& args) const override;

 private:
  Shape input_, shape_;
};

struct FlattenSpec {
  std::unique_ptr<Layer> make(const LayerArguments& arguments) const;
};

inline FlattenSpec read_flatten(ObjectReader& /*reader*/) { return {}; }

}  // namespace bnn
