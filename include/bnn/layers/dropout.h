#pragma once
// Dropout (Srivastava et al., 2014), y = x ∘ mask / (1 - rate). Each number of each example is kept
// with probability 1 - rate, independently. Spatial dropout (Tompson et al., CVPR 2015) keeps or
// drops whole channels, whose pixels tell much the same. Predictions use it too, with new masks in
// every Monte Carlo sample (Gal and Ghahramani, 2016). A pass with mean weights gives y = x.

#include "bnn/layers/layer_spec.h"

namespace bnn {

class ObjectReader;

/// What is kept or dropped as a whole.
enum class DropoutUnit { number, channel };

class Dropout final : public Layer {
 public:
  Dropout(double rate, const LayerNoise& noise, const Shape& shape,
          DropoutUnit unit = DropoutUnit::number)
      : rate_(static_cast<float>(rate)), noise_(noise), shape_(shape), unit_(unit) {}

  Shape output_shape() const override { return shape_; }
  void forward(const ForwardArgs& args) const override;
  void backward(const BackwardArgs& args) const override;
  std::size_t scratch_size(int examples) const override;
  bool has_noise() const override { return rate_ != 0.0f; }

  /// The numbers of an example's mask: those of the output, or one a channel.
  std::size_t mask_size() const;
  /// What example b of a pass is multiplied by, mask_size() numbers: 0 or 1 / (1 - rate).
  void mask(const PassNoise& noise, std::size_t b, std::span<float> factors) const;

 private:
  /// to = from ∘ mask / (1 - rate), for all examples of the pass.
  void apply(const Pass& pass, const float* from, float* factors, float* to) const;

  float rate_;
  LayerNoise noise_;
  Shape shape_;
  DropoutUnit unit_;
};

struct DropoutSpec {
  double rate = 0.5;
  DropoutUnit unit = DropoutUnit::number;

  std::unique_ptr<Layer> make(const LayerArguments& arguments) const;
};

DropoutSpec read_dropout(ObjectReader& reader, DropoutUnit unit);

}  // namespace bnn
