#include "bnn/layers/read_layer.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>

#include "bnn/bayes/tensor_names.h"
#include "bnn/core/json_schema.h"
#include "bnn/layers/read_weights.h"
#include "layer_types.h"

namespace bnn {
namespace {

void read_data_format(ObjectReader& reader, DataFormatKey key, LayerSpec& spec) {
  const auto read = [&](std::optional<std::string> fallback) {
    spec.channels_first = reader.choice("data_format", {"channels_last", "channels_first"},
                                        std::move(fallback)) == "channels_first";
  };
  if (key == DataFormatKey::with_default) read("channels_last");
  if (key == DataFormatKey::optional) reader.optional("data_format", [&] { read(std::nullopt); });
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
  reader.problem("name",
                 fmt::format("expected at most {} letters, digits or any of _ - . /, found {}",
                             kMaxName, json_text(Json(name))));
}

std::optional<std::uint64_t> read_seed(ObjectReader& reader) {
  std::optional<std::uint64_t> seed;
  reader.optional("seed",
                  [&] { seed = static_cast<std::uint64_t>(reader.integer("seed", {.min = 0})); });
  return seed;
}

// Common keys and the layer's own are read apart: `trainable` and `seed` stand on every layer, and
// do nothing where there are no variables or no noise.
void read_keys(ObjectReader& reader, LayerSpec& spec) {
  const auto& types = layer_type_list();
  const auto type = std::find_if(types.begin(), types.end(),
                                 [&](const LayerType& t) { return t.name == spec.type; });
  if (type == types.end()) return;
  spec.name = reader.text("name", "");
  check_name(reader, spec.name);
  spec.inputs = reader.texts("inputs", std::vector<std::string>());
  bool trainable = true;
  reader.mark([&] {
    trainable = reader.boolean("trainable", true);
    spec.seed = read_seed(reader);
  });
  spec.reuse = reader.boolean("reuse", false);
  if (spec.reuse && spec.name.empty()) {
    reader.problem(
        "reuse",
        "expected a \"name\" too, that of the layer whose variables are shared; found none");
  }
  read_data_format(reader, type->data_format, spec);
  if (type->has_activity_regularizer) {
    spec.activity_regularizer = read_regularizer(reader, "activity_regularizer");
  }
  spec.options = type->read(reader);
  spec.options.set_trainable(trainable);
}

// Reading a layer that has only its type asks for all keys that it may have.
LayerKeys keys_of_type(const std::string& type) {
  const Json layer = {{"type", type}};
  Problems ignored("");
  ObjectReader reader(layer, "", ignored);
  read_layer(reader);
  return {{reader.known().begin(), reader.known().end()},
          {reader.marked().begin(), reader.marked().end()}};
}

}  // namespace

const std::vector<std::string>& layer_types() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> list;
    for (const LayerType& type : layer_type_list()) list.push_back(type.name);
    return list;
  }();
  return names;
}

LayerSpec read_layer(ObjectReader& reader) {
  LayerSpec spec;
  spec.type = reader.type({.types = layer_types()}).value_or("");
  read_keys(reader, spec);
  return spec;
}

const LayerKeys& layer_keys(const Json& layer) {
  static const std::map<std::string, LayerKeys> keys = [] {
    std::map<std::string, LayerKeys> map = {{"", {}}};
    for (const std::string& type : layer_types()) map[type] = keys_of_type(type);
    return map;
  }();
  Problems ignored("");
  return keys.at(ObjectReader(layer, "", ignored).type({.types = layer_types()}).value_or(""));
}

Json layer_schema() {
  return variant_schema({.types = layer_types()},
                        [](ObjectReader& reader, const std::string& type) {
                          LayerSpec spec;
                          spec.type = type;
                          read_keys(reader, spec);
                        });
}

}  // namespace bnn
