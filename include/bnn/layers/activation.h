#pragma once
// Activation functions, element by element, and the layer that applies one on its own.
//
// relu max(0, z) · leaky_relu with slope 0.2 · elu (Clevert et al., 2016) · selu (Klambauer et al.,
// 2017) · gelu, the exact z Phi(z) (Hendrycks and Gimpel, 2016) · swish z sigmoid(z) · tanh ·
// sigmoid · softplus. Most derivatives follow from the output; gelu and swish need the input kept.

#include <cstddef>
#include <string>
#include <vector>

#include "bnn/layers/layer_spec.h"

namespace bnn {

class ObjectReader;

enum class Activation {
  linear,
  relu,
  leaky_relu,
  elu,
  selu,
  gelu,
  swish,
  tanh,
  sigmoid,
  softplus,
};

/// The names in configs, in the order of the enumeration; "linear" first.
const std::vector<std::string>& activation_names();

/// True if the backward pass needs the function's input.
bool needs_input(Activation activation);

/// Element `offset` of a buffer of saved inputs, or null where nothing is saved.
template <typename Float>
Float* saved_at(Float* saved, std::size_t offset) {
  return saved == nullptr ? nullptr : saved + offset;
}

/// values = f(values), in place. If needs_input and `saved` is not null, the inputs are copied
/// there first.
void activate(Activation activation, float* values, std::size_t size, float* saved);

/// gradient = gradient ∘ f'(z), in place, from the output f(z) and, if needs_input, from `saved` =
/// z.
void activate_backward(Activation activation, const float* output, const float* saved,
                       std::size_t size, float* gradient);

class ActivationLayer final : public Layer {
 public:
  ActivationLayer(Activation activation, const Shape& shape)
      : activation_(activation), shape_(shape) {}

  Shape output_shape() const override { return shape_; }
  void forward(const ForwardArgs& args) const override;
  void backward(const BackwardArgs& args) const override;

 private:
  Activation activation_;
  Shape shape_;
};

struct ActivationSpec {
  Activation activation = Activation::linear;

  std::unique_ptr<Layer> make(const LayerArguments& arguments) const;
};

ActivationSpec read_activation_layer(ObjectReader& reader);

}  // namespace bnn
