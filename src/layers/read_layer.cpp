#include <algorithm>
#include <fmt/format.h>
#include <limits>

#include "bnn/bayes/tensor_names.h"
#include "bnn/core/json_schema.h"
#include "bnn/layers/make_layer.h"
#include "bnn/layers/read_weights.h"

namespace bnn {
namespace {

constexpr std::int64_t kMaxSize = std::numeric_limits<int>::max();

Activation read_activation(ObjectReader& reader) {
  const auto& names = activation_names();
  Activation result = Activation::linear;
  reader.optional("activation", [&] {
    const std::string name = reader.choice("activation", names, std::nullopt);
    result = static_cast<Activation>(std::find(names.begin(), names.end(), name) - names.begin());
  });
  return result;
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

// The kinds of layers with weights, before a config says more.
enum class Weights { deterministic, flipout, reparameterization, local_reparameterization };

// The type names the estimator; that of the flipout layers can be replaced, so that one key changes
// a whole network.
Estimator read_estimator(ObjectReader& reader, Weights weights) {
  if (weights == Weights::reparameterization) return Estimator::reparameterization;
  if (weights == Weights::local_reparameterization) return Estimator::local_reparameterization;
  const std::vector<std::string> names = {"flipout", "reparameterization",
                                          "local_reparameterization", "independent"};
  const std::string name = reader.choice("estimator", names, "flipout");
  return static_cast<Estimator>(std::find(names.begin(), names.end(), name) - names.begin());
}

WeightsSpec read_weights(ObjectReader& reader, Weights weights) {
  if (weights == Weights::deterministic) return read_deterministic_weights(reader);
  return read_bayesian_weights(reader, read_estimator(reader, weights));
}

Conv2dSpec read_conv2d(ObjectReader& reader, Weights weights) {
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
                   "strides above 1 and dilation rates above 1 cannot be used together; expected 1 "
                   "for one of them, found strides " +
                       json_text(spec.window.strides) + " and dilation rates " +
                       json_text(spec.window.dilation_rate));
  }
  spec.activation = read_activation(reader);
  spec.weights = read_weights(reader, weights);
  return spec;
}

DenseSpec read_dense(ObjectReader& reader, Weights weights) {
  DenseSpec spec;
  spec.units = static_cast<int>(reader.integer("units", {.min = 1, .max = kMaxSize}));
  spec.activation = read_activation(reader);
  spec.weights = read_weights(reader, weights);
  return spec;
}

Pool2dSpec read_pool2d(ObjectReader& reader, PoolKind kind) {
  Pool2dSpec spec;
  spec.kind = kind;
  spec.window.kernel_size = read_pair(reader, "pool_size", std::nullopt);
  spec.window.strides = spec.window.kernel_size;
  reader.optional("strides",
                  [&] { spec.window.strides = read_pair(reader, "strides", std::nullopt); });
  reader.record("strides", spec.window.strides);
  spec.window.padding = read_padding(reader);
  return spec;
}

// Common keys and the layer's own are read apart: `trainable` and `seed` stand on every layer, and
// do nothing where there are no variables or no noise.
struct LayerType {
  std::string name;
  void (*read)(ObjectReader& reader, LayerSpec& spec);
};

// How an image is presented. Convolution and pooling have TensorFlow's default; the others take it
// as it comes, and a given value is checked.
void read_data_format(ObjectReader& reader, bool has_default, LayerSpec& spec) {
  const auto read = [&](std::optional<std::string> fallback) {
    spec.channels_first = reader.choice("data_format", {"channels_last", "channels_first"},
                                        std::move(fallback)) == "channels_first";
  };
  if (has_default) return read("channels_last");
  reader.optional("data_format", [&] { read(std::nullopt); });
}

template <Weights kWeights>
void read_conv2d_layer(ObjectReader& reader, LayerSpec& spec) {
  read_data_format(reader, true, spec);
  spec.activity_regularizer = read_regularizer(reader, "activity_regularizer");
  spec.options = read_conv2d(reader, kWeights);
}

template <Weights kWeights>
void read_dense_layer(ObjectReader& reader, LayerSpec& spec) {
  spec.activity_regularizer = read_regularizer(reader, "activity_regularizer");
  spec.options = read_dense(reader, kWeights);
}

template <PoolKind kKind>
void read_pool2d_layer(ObjectReader& reader, LayerSpec& spec) {
  read_data_format(reader, true, spec);
  spec.options = read_pool2d(reader, kKind);
}

const std::vector<LayerType>& types() {
  static const std::vector<LayerType> list = {
      {"conv2d_flipout", read_conv2d_layer<Weights::flipout>},
      {"conv2d_reparameterization", read_conv2d_layer<Weights::reparameterization>},
      {"conv2d_local_reparameterization", read_conv2d_layer<Weights::local_reparameterization>},
      {"dense_flipout", read_dense_layer<Weights::flipout>},
      {"dense_reparameterization", read_dense_layer<Weights::reparameterization>},
      {"dense_local_reparameterization", read_dense_layer<Weights::local_reparameterization>},
      {"conv2d", read_conv2d_layer<Weights::deterministic>},
      {"dense", read_dense_layer<Weights::deterministic>},
      {"max_pooling2d", read_pool2d_layer<PoolKind::maximum>},
      {"average_pooling2d", read_pool2d_layer<PoolKind::average>},
      {"global_average_pooling2d",
       [](ObjectReader& reader, LayerSpec& spec) {
         read_data_format(reader, false, spec);
         spec.options = GlobalAveragePool2dSpec{};
       }},
      {"flatten",
       [](ObjectReader& reader, LayerSpec& spec) {
         read_data_format(reader, false, spec);
         spec.options = FlattenSpec{};
       }},
      {"activation",
       [](ObjectReader& reader, LayerSpec& spec) {
         spec.options = ActivationSpec{read_activation(reader)};
       }},
      {"add", [](ObjectReader&, LayerSpec& spec) { spec.options = AddSpec{}; }},
      {"concatenate",
       [](ObjectReader& reader, LayerSpec& spec) {
         const auto axis = reader.integer("axis", {.min = -3, .max = 3, .fallback = -1});
         if (axis == 0) {
           reader.problem("axis", "is the batch; expected -3 to -1 or 1 to 3, found 0");
         }
         spec.options = ConcatenateSpec{static_cast<int>(axis)};
       }},
      {"dropout",
       [](ObjectReader& reader, LayerSpec& spec) {
         spec.options = DropoutSpec{reader.real("rate", {.min = 0.0, .max = 0.999999})};
       }},
  };
  return list;
}

// Names become parts of tensor names and of messages.
void check_name(ObjectReader& reader, const std::string& name) {
  constexpr std::size_t kMaxName = 128;
  const bool plain = std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.' || c == '/';
  });
  if (is_optimizer_tensor_name(name)) {
    reader.problem("name", fmt::format("names that begin with \"{}\" are those of the optimizer's "
                                       "state; expected another name",
                                       kOptimizerPrefix));
  }
  if (plain && name.size() <= kMaxName) return;
  reader.problem("name", "expected at most 128 letters, digits or any of _ - . /, found " +
                             json_text(Json(name)));
}

std::optional<std::uint64_t> read_seed(ObjectReader& reader) {
  std::optional<std::uint64_t> seed;
  reader.optional("seed",
                  [&] { seed = static_cast<std::uint64_t>(reader.integer("seed", {.min = 0})); });
  return seed;
}

void read_options(ObjectReader& reader, LayerSpec& spec) {
  const auto type = std::find_if(types().begin(), types().end(),
                                 [&](const LayerType& t) { return t.name == spec.type; });
  if (type == types().end()) return;
  spec.name = reader.text("name", "");
  check_name(reader, spec.name);
  spec.inputs = reader.texts("inputs", std::vector<std::string>());
  const bool trainable = reader.boolean("trainable", true);
  spec.seed = read_seed(reader);
  spec.reuse = reader.boolean("reuse", false);
  if (spec.reuse && spec.name.empty()) {
    reader.problem(
        "reuse",
        "expected a \"name\" too, that of the layer whose variables are shared; found none");
  }
  type->read(reader, spec);
  std::visit(
      [&](auto& options) {
        if constexpr (requires { options.weights; }) options.weights.trainable = trainable;
      },
      spec.options);
}

}  // namespace

const WeightsSpec* LayerSpec::weights() const {
  if (const auto* conv2d = std::get_if<Conv2dSpec>(&options)) return &conv2d->weights;
  if (const auto* dense = std::get_if<DenseSpec>(&options)) return &dense->weights;
  return nullptr;
}

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
  spec.type = reader.type({.types = layer_types()}).value_or("");
  read_options(reader, spec);
  return spec;
}

Json layer_schema() {
  return variant_schema({.types = layer_types()},
                        [](ObjectReader& reader, const std::string& type) {
                          LayerSpec spec;
                          spec.type = type;
                          read_options(reader, spec);
                        });
}

}  // namespace bnn
