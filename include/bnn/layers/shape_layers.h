#pragma once
// Layers without weights or windows: flatten and add.

#include <vector>

#include "bnn/layers/layer.h"

namespace bnn {

/// Reads an image as one vector, in the order in which it lies in memory: row, column, channel.
class Flatten final : public Layer {
 public:
  explicit Flatten(const Shape& input);

  Shape output_shape() const override { return shape_; }
  bool is_view() const override { return true; }
  void forward(const ForwardArgs&) const override {}
  void backward(const BackwardArgs&) const override {}

 private:
  Shape shape_;
};

/// The sum of two or more inputs of one shape.
class Add final : public Layer {
 public:
  explicit Add(const std::vector<Shape>& inputs);

  Shape output_shape() const override { return shape_; }
  void forward(const ForwardArgs& args) const override;
  void backward(const BackwardArgs& args) const override;

 private:
  Shape shape_;
};

}  // namespace bnn
