#include "bnn/layers/make_layer.h"

#include <algorithm>
#include <limits>

#include "bnn/core/error.h"
#include "bnn/layers/shape_layers.h"

namespace bnn {
namespace {

constexpr std::int64_t kMaxSize = std::numeric_limits<int>::max();

Activation read_activation(ObjectReader& reader) {
  if (reader.is_null("activation")) {
    reader.raw("activation");
    reader.record("activation", nullptr);
    return Activation::linear;
  }
  const bool given = reader.has("activation");
  const std::string name = reader.choice("activation", activation_names(), "linear");
  if (!given) reader.record("activation", nullptr);
  const auto& names = activation_names();
  return static_cast<Activation>(std::find(names.begin(), names.end(), name) - names.begin());
}

Padding read_padding(ObjectReader& reader) {
  return reader.choice("padding", {"valid", "same"}, "valid") == "same" ? Padding::same
                                                                        : Padding::valid;
}

std::array<int, 2> read_pair(ObjectReader& reader, const std::string& key,
                             std::optional<std::int64_t> fallback) {
  const auto values = reader.integers(key, 2, {.min = 1, .max = kMaxSize, .fallback = fallback});
  return {values[0], values[1]};
}

Conv2dSpec read_conv2d(ObjectReader& reader, bool bayesian) {
  Conv2dSpec spec;
  spec.filters = static_cast<int>(reader.integer("filters", {.min = 1, .max = kMaxSize}));
  spec.window.kernel_size = read_pair(reader, "kernel_size", std::nullopt);
  spec.window.strides = read_pair(reader, "strides", 1);
  spec.window.padding = read_padding(reader);
  spec.window.dilation_rate = read_pair(reader, "dilation_rate", 1);
  const auto above_one = [](const std::array<int, 2>& pair) {
    return std::max(pair[0], pair[1]) > 1;
  };
  if (above_one(spec.window.strides) && above_one(spec.window.dilation_rate)) {
    reader.problem("dilation_rate",
                   "strides above 1 and dilation rates above 1 cannot be used together");
  }
  spec.activation = read_activation(reader);
  spec.weights = bayesian ? read_bayesian_weights(reader) : read_deterministic_weights(reader);
  return spec;
}

DenseSpec read_dense(ObjectReader& reader, bool bayesian) {
  DenseSpec spec;
  spec.units = static_cast<int>(reader.integer("units", {.min = 1, .max = kMaxSize}));
  spec.activation = read_activation(reader);
  spec.weights = bayesian ? read_bayesian_weights(reader) : read_deterministic_weights(reader);
  return spec;
}

Pool2dSpec read_pool2d(ObjectReader& reader, PoolKind kind) {
  Pool2dSpec spec;
  spec.kind = kind;
  spec.window.kernel_size = read_pair(reader, "pool_size", std::nullopt);
  if (reader.has("strides") && !reader.is_null("strides")) {
    spec.window.strides = read_pair(reader, "strides", std::nullopt);
  } else {
    reader.raw("strides");
    spec.window.strides = spec.window.kernel_size;
    reader.record("strides", spec.window.strides);
  }
  spec.window.padding = read_padding(reader);
  return spec;
}

struct LayerType {
  std::string name;
  LayerOptions (*read)(ObjectReader& reader);
};

const std::vector<LayerType>& types() {
  static const std::vector<LayerType> list = {
      {"conv2d_flipout", [](ObjectReader& r) -> LayerOptions { return read_conv2d(r, true); }},
      {"dense_flipout", [](ObjectReader& r) -> LayerOptions { return read_dense(r, true); }},
      {"conv2d", [](ObjectReader& r) -> LayerOptions { return read_conv2d(r, false); }},
      {"dense", [](ObjectReader& r) -> LayerOptions { return read_dense(r, false); }},
      {"max_pooling2d",
       [](ObjectReader& r) -> LayerOptions { return read_pool2d(r, PoolKind::maximum); }},
      {"average_pooling2d",
       [](ObjectReader& r) -> LayerOptions { return read_pool2d(r, PoolKind::average); }},
      {"global_average_pooling2d",
       [](ObjectReader&) -> LayerOptions { return GlobalAveragePool2dSpec{}; }},
      {"flatten", [](ObjectReader&) -> LayerOptions { return FlattenSpec{}; }},
      {"activation",
       [](ObjectReader& r) -> LayerOptions { return ActivationSpec{read_activation(r)}; }},
      {"add", [](ObjectReader&) -> LayerOptions { return AddSpec{}; }},
  };
  return list;
}

// A window or a flattening of a vector makes no sense; say so instead of treating it as 1 x 1.
void require_image(const Shape& input) {
  if (input.flat) {
    throw Error(ErrorKind::config,
                "this layer reads an image, but its input is a vector of " + to_string(input));
  }
}

// One overload for each kind of options.
struct Maker {
  const std::string& name;
  std::uint32_t index;
  const std::vector<Shape>& inputs;
  ParameterLayout& layout;

  std::unique_ptr<Layer> operator()(const Conv2dSpec& spec) const {
    require_image(inputs[0]);
    return make_conv2d(spec, name, index, inputs[0], layout);
  }
  std::unique_ptr<Layer> operator()(const DenseSpec& spec) const {
    return std::make_unique<Dense>(spec, name, index, inputs[0], layout);
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
};

// Names become parts of tensor names and of messages.
void check_name(ObjectReader& reader, const std::string& name) {
  constexpr std::size_t kMaxName = 128;
  const bool plain = std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.' || c == '/';
  });
  if (name.starts_with("optimizer/")) {
    reader.problem("name", "names that begin with \"optimizer/\" are those of Adam's moments");
  }
  if (plain && name.size() <= kMaxName) return;
  reader.problem("name", "expected at most 128 letters, digits or any of _ - . /, found " +
                             json_text(Json(name)));
}

}  // namespace

const std::vector<std::string>& layer_types() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> list;
    for (const LayerType& type : types()) list.push_back(type.name);
    return list;
  }();
  return names;
}

LayerSpec read_layer(ObjectReader& reader) {
  LayerSpec spec;
  spec.type = reader.choice("type", layer_types(), std::nullopt);
  // A misspelt type is refused, but its keys are read as those of the type that was likely meant.
  if (const Json& given = reader.raw("type"); given.is_string()) {
    spec.type = closest(given.get<std::string>(), layer_types()).value_or(spec.type);
  }
  spec.name = reader.text("name", "");
  check_name(reader, spec.name);
  spec.inputs = reader.texts("inputs", std::vector<std::string>());
  for (const LayerType& type : types()) {
    if (type.name == spec.type) spec.options = type.read(reader);
  }
  return spec;
}

std::unique_ptr<Layer> make_layer(const LayerSpec& spec, const std::string& name,
                                  std::uint32_t index, const std::vector<Shape>& inputs,
                                  ParameterLayout& layout) {
  const bool merges = std::holds_alternative<AddSpec>(spec.options);
  if (merges ? inputs.size() < 2 : inputs.size() != 1) {
    throw Error(ErrorKind::config, std::string("expected ") +
                                       (merges ? "two or more inputs" : "one input") + ", found " +
                                       std::to_string(inputs.size()));
  }
  return std::visit(Maker{name, index, inputs, layout}, spec.options);
}

}  // namespace bnn
