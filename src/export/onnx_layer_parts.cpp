#include "onnx_layer_parts.h"

#include <algorithm>
#include <numbers>

#include "bnn/core/error.h"

namespace bnn {
namespace {

using PartSizes = std::vector<std::int64_t>;

}  // namespace

std::string name_of(const OnnxLayer& layer, const std::string& part) {
  return layer.node.name + (part.empty() ? "" : "/" + part) + layer.suffix;
}

const Shape& input_shape(const OnnxLayer& layer) {
  return layer.graph.nodes()[static_cast<std::size_t>(layer.node.inputs[0])].shape;
}

const float* weights(const OnnxLayer& layer, const std::string& tensor) {
  for (const char* suffix : {"", "_posterior_loc"}) {
    const Variable* variable =
        layer.graph.layout().find(layer.node.variables_name + "/" + tensor + suffix);
    if (variable != nullptr) return layer.parameters + variable->slice.offset;
  }
  return nullptr;
}

std::string activated(const OnnxLayer& layer, Activation activation, const std::string& value,
                      OnnxBuilder& builder) {
  const std::string name = name_of(layer, "activation");
  switch (activation) {
    case Activation::linear:
      return value;
    case Activation::relu:
      return builder.node("Relu", {value}, name);
    case Activation::leaky_relu:
      return builder.node("LeakyRelu", {value}, name, {{"alpha", 0.2f}});
    case Activation::elu:
      return builder.node("Elu", {value}, name);
    case Activation::selu:
      return builder.node("Selu", {value}, name);
    case Activation::tanh:
      return builder.node("Tanh", {value}, name);
    case Activation::sigmoid:
      return builder.node("Sigmoid", {value}, name);
    case Activation::softplus:
      return builder.node("Softplus", {value}, name);
    case Activation::swish:
      return builder.node("Mul", {value, builder.node("Sigmoid", {value}, name_of(layer, "gate"))},
                          name);
    case Activation::gelu: {  // z / 2 (1 + erf(z / sqrt 2)); opset 13 has no Gelu
      const std::string factor =
          builder.number(name_of(layer, "factor"), std::numbers::sqrt2_v<float> / 2);
      const std::string one = builder.number(name_of(layer, "one"), 1.0f);
      const std::string half = builder.number(name_of(layer, "half"), 0.5f);
      const std::string scaled = builder.node("Mul", {value, factor}, name_of(layer, "scaled"));
      const std::string error = builder.node("Erf", {scaled}, name_of(layer, "erf"));
      const std::string gate = builder.node("Add", {error, one}, name_of(layer, "gate"));
      const std::string product = builder.node("Mul", {value, gate}, name_of(layer, "product"));
      return builder.node("Mul", {product, half}, name);
    }
  }
  throw Error(ErrorKind::internal, "an activation that exports do not know");
}

std::string weights_name(const OnnxLayer& layer, const std::string& tensor) {
  return layer.node.variables_name + "/" + tensor + layer.weights_suffix;
}

std::string ranked_name(const OnnxLayer& layer, const std::string& tensor) {
  return weights_name(layer, tensor) + (layer.node.shape.flat ? "/vector" : "");
}

std::map<std::string, OnnxAttribute> window_attributes(const Window& window) {
  const auto after = [&](int axis, int outputs, int before, int size) {
    const auto a = static_cast<std::size_t>(axis);
    const int covered = (outputs - 1) * window.strides[a] +
                        (window.kernel_size[a] - 1) * window.dilation_rate[a] + 1;
    return std::max(covered - before - size, 0);
  };
  const int bottom = after(0, window.output_height, window.pad_top, window.input.height);
  const int right = after(1, window.output_width, window.pad_left, window.input.width);
  return {{"kernel_shape", PartSizes(window.kernel_size.begin(), window.kernel_size.end())},
          {"strides", PartSizes(window.strides.begin(), window.strides.end())},
          {"pads", PartSizes{window.pad_top, window.pad_left, bottom, right}}};
}

std::string add_bias(const OnnxLayer& layer, int size, OnnxBuilder& builder) {
  return builder.shared_constant(weights_name(layer, "bias"), [&]() -> OnnxTensor {
    const float* bias = weights(layer, "bias");
    std::vector<float> values(static_cast<std::size_t>(size), 0.0f);
    if (bias != nullptr) std::copy_n(bias, values.size(), values.begin());
    return {"", {size}, std::move(values)};
  });
}

std::vector<float> turned(const float* numbers, std::size_t rows, std::size_t columns) {
  std::vector<float> result(rows * columns);
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < columns; ++j) result[j * rows + i] = numbers[i * columns + j];
  }
  return result;
}

}  // namespace bnn
