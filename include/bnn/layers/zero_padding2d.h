#pragma once
// Rows and columns of zeros around an image (Keras: ZeroPadding2D).

#include "bnn/layers/layer_spec.h"

namespace bnn {

class ObjectReader;

struct ZeroPadding2dSpec {
  int top = 1, bottom = 1, left = 1, right = 1;

  std::unique_ptr<Layer> make(const LayerArguments& arguments) const;
};

class ZeroPadding2d final : public Layer {
 public:
  /// Throws Error(config) if the output is too large.
  ZeroPadding2d(const ZeroPadding2dSpec& spec, const Shape& input);

  Shape output_shape() const override { return output_; }
  void forward(const ForwardArgs& args) const override;
  void backward(const BackwardArgs& args) const override;

 private:
  /// Calls visit(offset in the input, offset in the output, numbers) for each row of each example.
  template <typename Visit>
  void for_rows(int examples, const Visit& visit) const;

  ZeroPadding2dSpec spec_;
  Shape input_, output_;
};

ZeroPadding2dSpec read_zero_padding2d(ObjectReader& reader);

}  // namespace bnn
