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

// Calls visit(f) with the function of one number; not for linear.
template <typename Visit>
void with_function(Activation activation, const Visit& visit) {
  switch (activation) {
    case Activation::linear:
      return;
    case Activation::relu:
      // Written so that a NaN stays: it must reach the loss and stop the run.
      return visit([](float z) { return z < 0.0f ? 0.0f : z; });
    case Activation::leaky_relu:
      return visit([](float z) { return z > 0.0f ? z : kLeakySlope * z; });
    case Activation::elu:
      return visit([](float z) { return z > 0.0f ? z : std::expm1(z); });
    case Activation::selu:
      return visit(
          [](float z) { return kSeluScale * (z > 0.0f ? z : kSeluAlpha * std::expm1(z)); });
    case Activation::gelu:
      return visit([](float z) { return z * normal_cdf(z); });
    case Activation::swish:
      return visit([](float z) { return z * sigmoid(z); });
    case Activation::tanh:
      return visit([](float z) { return std::tanh(z); });
    case Activation::sigmoid:
      return visit([](float z) { return sigmoid(z); });
    case Activation::softplus:
      return visit([](float z) { return softplus(z); });
  }
}

// Calls visit(of, derivative), where `of` is what the derivative takes: the output or the saved
// input; not for linear.
template <typename Visit>
void with_derivative(Activation activation, const float* output, const float* saved,
                     const Visit& visit) {
  switch (activation) {
    case Activation::linear:
      return;
    case Activation::relu:
      return visit(output, [](float y) { return y > 0.0f ? 1.0f : 0.0f; });
    case Activation::leaky_relu:
      return visit(output, [](float y) { return y > 0.0f ? 1.0f : kLeakySlope; });
    case Activation::elu:
      return visit(output, [](float y) { return y > 0.0f ? 1.0f : y + 1.0f; });
    case Activation::selu:
      return visit(output,
                   [](float y) { return y > 0.0f ? kSeluScale : y + kSeluScale * kSeluAlpha; });
    case Activation::gelu:
      return visit(saved, [](float z) { return normal_cdf(z) + z * normal_pdf(z); });
    case Activation::swish:
      return visit(saved, [](float z) {
        const float s = sigmoid(z);
        return s * (1.0f + z * (1.0f - s));
      });
    case Activation::tanh:
      return visit(output, [](float y) { return 1.0f - y * y; });
    case Activation::sigmoid:
      return visit(output, [](float y) { return y * (1.0f - y); });
    case Activation::softplus:
      // sigmoid(z) = 1 - e^-softplus(z)
      return visit(output, [](float y) { return -std::expm1(-y); });
  }
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
  with_function(activation, [=](const auto& f) {
    run_vectorized([=]<MultiplyAdd>() {
      for (std::size_t i = 0; i < size; ++i) values[i] = f(values[i]);
    });
  });
}

void activate_backward(Activation activation, const float* output, const float* saved,
                       std::size_t size, float* gradient) {
  with_derivative(activation, output, saved, [=](const float* of, const auto& derivative) {
    run_vectorized([=]<MultiplyAdd>() {
      for (std::size_t i = 0; i < size; ++i) gradient[i] *= derivative(of[i]);
    });
  });
}

// The input itself is still there in the backward pass, so nothing has to be saved.
void ActivationLayer::forward(const ForwardArgs& args) const {
  const std::size_t size = static_cast<std::size_t>(args.pass.examples) * shape_.size();
  const float* z = args.inputs[0];
  float* y = args.output;
  if (activation_ == Activation::linear) std::copy_n(z, size, y);
  with_function(activation_, [=](const auto& f) {
    run_vectorized([=]<MultiplyAdd>() {
      for (std::size_t i = 0; i < size; ++i) y[i] = f(z[i]);
    });
  });
}

void ActivationLayer::backward(const BackwardArgs& args) const {
  float* dz = args.input_gradients[0];
  if (dz == nullptr) return;
  const std::size_t size = static_cast<std::size_t>(args.pass.examples) * shape_.size();
  const float* dy = args.output_gradient;
  if (activation_ == Activation::linear) std::copy_n(dy, size, dz);
  with_derivative(activation_, args.output, args.inputs[0],
                  [=](const float* of, const auto& derivative) {
                    run_vectorized([=]<MultiplyAdd>() {
                      for (std::size_t i = 0; i < size; ++i) dz[i] = dy[i] * derivative(of[i]);
                    });
                  });
}

std::unique_ptr<Layer> ActivationSpec::make(const LayerArguments& arguments) const {
  return std::make_unique<ActivationLayer>(activation, arguments.input());
}

ActivationSpec read_activation_layer(ObjectReader& reader) { return {read_activation(reader)}; }

}  // namespace bnn
