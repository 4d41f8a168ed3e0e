#include "bnn/layers/make_layer.h"

#include "bnn/core/error.h"
#include "bnn/layers/dropout.h"
#include "bnn/layers/flatten.h"
#include "bnn/layers/merge.h"

namespace bnn {
namespace {

// A window or a flattening of a vector makes no sense; say so instead of treating it as 1 x 1.
void require_image(const Shape& input) {
  if (input.flat) {
    throw Error(ErrorKind::config,
                "this layer reads an image, but its input is a vector of " + to_string(input));
  }
}

// One overload for each kind of options.
struct Maker {
  const std::string& variables;
  const LayerNoise& noise;
  const std::vector<Shape>& inputs;
  ParameterLayout& layout;

  std::unique_ptr<Layer> operator()(const Conv2dSpec& spec) const {
    require_image(inputs[0]);
    return make_conv2d(spec, variables, noise, inputs[0], layout);
  }
  std::unique_ptr<Layer> operator()(const DenseSpec& spec) const {
    return make_dense(spec, variables, noise, inputs[0], layout);
  }
  std::unique_ptr<Layer> operator()(const Pool2dSpec& spec) const {
    require_image(inputs[0]);
    return std::make_unique<Pool2d>(spec, inputs[0]);
  }
  std::unique_ptr<Layer> operator()(const GlobalAveragePool2dSpec&) const {
    require_image(inputs[0]);
    return std::make_unique<GlobalAveragePool2d>(inputs[0]);
  }
  std::unique_ptr<Layer> operator()(const FlattenSpec&) const {
    return std::make_unique<Flatten>(inputs[0]);
  }
  std::unique_ptr<Layer> operator()(const ActivationSpec& spec) const {
    return std::make_unique<ActivationLayer>(spec.activation, inputs[0]);
  }
  std::unique_ptr<Layer> operator()(const AddSpec&) const { return std::make_unique<Add>(inputs); }
  std::unique_ptr<Layer> operator()(const ConcatenateSpec& spec) const {
    return std::make_unique<Concatenate>(spec.axis, inputs);
  }
  std::unique_ptr<Layer> operator()(const DropoutSpec& spec) const {
    return std::make_unique<Dropout>(spec.rate, noise, inputs[0]);
  }
};

std::string format_name(bool channels_first) {
  return channels_first ? "channels_first" : "channels_last";
}

void require_format(const LayerSpec& spec, const Shape& input) {
  if (!spec.channels_first || input.flat || *spec.channels_first == input.channels_first) return;
  throw Error(ErrorKind::config, "its data_format is " + format_name(*spec.channels_first) +
                                     ", but its input is " + to_string(input) + ", " +
                                     format_name(input.channels_first) +
                                     "; \"model.defaults\" can set one data_format for all layers");
}

}  // namespace

std::unique_ptr<Layer> make_layer(const LayerSpec& spec, const std::string& variables,
                                  const LayerNoise& noise, const std::vector<Shape>& inputs,
                                  ParameterLayout& layout) {
  const bool merges = std::holds_alternative<AddSpec>(spec.options) ||
                      std::holds_alternative<ConcatenateSpec>(spec.options);
  if (merges ? inputs.size() < 2 : inputs.size() != 1) {
    throw Error(ErrorKind::config, std::string("expected ") +
                                       (merges ? "two or more layers in \"inputs\"" : "one input") +
                                       ", found " + std::to_string(inputs.size()));
  }
  require_format(spec, inputs[0]);
  return std::visit(Maker{variables, noise, inputs, layout}, spec.options);
}

}  // namespace bnn
