#include "bnn/layers/activation.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numbers>

#include "bnn/core/elementary.h"
#include "bnn/layers/read_options.h"

namespace bnn {
namespace {

constexpr float kLeakySlope = 0.2f;
// The fixed point of self-normalisation (Klambauer et al., 2017): zero mean, unit variance.
constexpr float kSeluScale = 1.05070099f;
constexpr float kSeluAlpha = 1.67326324f;

float normal_cdf(float z) {
  return 0.5f * (1.0f + std::erf(z * std::numbers::sqrt2_v<float> * 0.5f));
}

float normal_pdf(float z) { return 0.39894228f * fast_exp(-0.5f * z * z); }

// f(z) for the smooth functions; relu and its kin are written where they are used.
template <typename Function>
void apply(float* values, std::size_t size, const Function& f) {
  run_vectorized([=]<MultiplyAdd>() {
    for (std::size_t i = 0; i < size; ++i) values[i] = f(values[i]);
  });
}

// gradient *= derivative(of), where `of` is the output or the saved input.
template <typename Derivative>
void scale(const float* of, std::size_t size, float* gradient, const Derivative& derivative) {
  run_vectorized([=]<MultiplyAdd>() {
    for (std::size_t i = 0; i < size; ++i) gradient[i] *= derivative(of[i]);
  });
}

}  // namespace

const std::vector<std::string>& activation_names() {
  static const std::vector<std::string> names = {"linear",  "relu",    "leaky_relu", "elu",
                                                 "selu",    "gelu",    "swish",      "tanh",
                                                 "sigmoid", "softplus"};
  return names;
}

bool needs_input(Activation activation) {
  return activation == Activation::gelu || activation == Activation::swish;
}

void activate(Activation activation, float* values, std::size_t size, float* saved) {
  if (needs_input(activation) && saved != nullptr) {
    std::memcpy(saved, values, size * sizeof(float));
  }
  switch (activation) {
    case Activation::linear:
      return;
    case Activation::relu:
      // Written so that a NaN stays: it must reach the loss and stop the run.
      return apply(values, size, [](float z) { return z < 0.0f ? 0.0f : z; });
    case Activation::leaky_relu:
      return apply(values, size, [](float z) { return z > 0.0f ? z : kLeakySlope * z; });
    case Activation::elu:
      return apply(values, size, [](float z) { return z > 0.0f ? z : std::expm1(z); });
    case Activation::selu:
      return apply(values, size, [](float z) {
        return kSeluScale * (z > 0.0f ? z : kSeluAlpha * std::expm1(z));
      });
    case Activation::gelu:
      return apply(values, size, [](float z) { return z * normal_cdf(z); });
    case Activation::swish:
      return apply(values, size, [](float z) { return z * sigmoid(z); });
    case Activation::tanh:
      return apply(values, size, [](float z) { return std::tanh(z); });
    case Activation::sigmoid:
      return apply(values, size, [](float z) { return sigmoid(z); });
    case Activation::softplus:
      return apply(values, size, [](float z) { return softplus(z); });
  }
}

void activate_backward(Activation activation, const float* output, const float* saved,
                       std::size_t size, float* gradient) {
  switch (activation) {
    case Activation::linear:
      return;
    case Activation::relu:
      return scale(output, size, gradient, [](float y) { return y > 0.0f ? 1.0f : 0.0f; });
    case Activation::leaky_relu:
      return scale(output, size, gradient, [](float y) { return y > 0.0f ? 1.0f : kLeakySlope; });
    case Activation::elu:
      return scale(output, size, gradient, [](float y) { return y > 0.0f ? 1.0f : y + 1.0f; });
    case Activation::selu:
      return scale(output, size, gradient,
                   [](float y) { return y > 0.0f ? kSeluScale : y + kSeluScale * kSeluAlpha; });
    case Activation::gelu:
      return scale(saved, size, gradient,
                   [](float z) { return normal_cdf(z) + z * normal_pdf(z); });
    case Activation::swish:
      return scale(saved, size, gradient, [](float z) {
        const float s = sigmoid(z);
        return s * (1.0f + z * (1.0f - s));
      });
    case Activation::tanh:
      return scale(output, size, gradient, [](float y) { return 1.0f - y * y; });
    case Activation::sigmoid:
      return scale(output, size, gradient, [](float y) { return y * (1.0f - y); });
    case Activation::softplus:
      // sigmoid(z) = 1 - e^-softplus(z)
      return scale(output, size, gradient, [](float y) { return -std::expm1(-y); });
  }
}

void ActivationLayer::forward(const ForwardArgs& args) const {
  const std::size_t size = static_cast<std::size_t>(args.pass.examples) * shape_.size();
  std::memcpy(args.output, args.inputs[0], size * sizeof(float));
  // The input itself is still there in the backward pass, so nothing has to be saved.
  activate(activation_, args.output, size, nullptr);
}

void ActivationLayer::backward(const BackwardArgs& args) const {
  if (args.input_gradients[0] == nullptr) return;
  const std::size_t size = static_cast<std::size_t>(args.pass.examples) * shape_.size();
  std::memcpy(args.input_gradients[0], args.output_gradient, size * sizeof(float));
  activate_backward(activation_, args.output, args.inputs[0], size, args.input_gradients[0]);
}

std::unique_ptr<Layer> ActivationSpec::make(const LayerArguments& arguments) const {
  return std::make_unique<ActivationLayer>(activation, arguments.input());
}

ActivationSpec read_activation_layer(ObjectReader& reader) { return {read_activation(reader)}; }

}  // namespace bnn
