#pragma once
// Layers that read several inputs: their sum, their product, and their concatenation along one
// axis.

#include <vector>

#include "bnn/layers/layer_spec.h"

namespace bnn {

class ObjectReader;

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

/// The product of two or more inputs, number by number. Beside images, an input may be a vector, or
/// an image of one pixel, with their channels: it multiplies every pixel (squeeze-and-excitation,
/// Hu et al., CVPR 2018). Keras's broadcasting along other axes is refused.
class Multiply final : public Layer {
 public:
  explicit Multiply(const std::vector<Shape>& inputs);

  Shape output_shape() const override { return shape_; }
  void forward(const ForwardArgs& args) const override;
  void backward(const BackwardArgs& args) const override;
  std::size_t scratch_size(int /*examples*/) const override {
    return static_cast<std::size_t>(shape_.channels);
  }

 private:
  /// The channels of one pixel of one example in input k.
  const float* row(const float* input, std::size_t k, std::size_t example, std::size_t pixel) const;
  /// The gradient for input k.
  void backward_to(std::size_t k, const BackwardArgs& args) const;

  Shape shape_;
  std::vector<bool> is_repeated_;  // whether an input has one pixel for all
};

/// Two or more inputs side by side, all of one shape but for the axis of concatenation.
class Concatenate final : public Layer {
 public:
  /// @param axis as in Keras: of the shape as it is presented, with the batch as axis 0; negative
  /// ones count from the last.
  Concatenate(int axis, const std::vector<Shape>& inputs);

  Shape output_shape() const override { return shape_; }
  void forward(const ForwardArgs& args) const override;
  void backward(const BackwardArgs& args) const override;

 private:
  Shape shape_;
  // An input is [blocks_][runs_[k]] in memory, the output [blocks_][sum of the runs].
  std::size_t blocks_;
  std::vector<std::size_t> runs_;
};

struct AddSpec {
  std::unique_ptr<Layer> make(const LayerArguments& arguments) const;
};

struct MultiplySpec {
  std::unique_ptr<Layer> make(const LayerArguments& arguments) const;
};

struct ConcatenateSpec {
  int axis = -1;

  std::unique_ptr<Layer> make(const LayerArguments& arguments) const;
};

inline AddSpec read_add(ObjectReader& /*reader*/) { return {}; }
inline MultiplySpec read_multiply(ObjectReader& /*reader*/) { return {}; }
ConcatenateSpec read_concatenate(ObjectReader& reader);

}  // namespace bnn
