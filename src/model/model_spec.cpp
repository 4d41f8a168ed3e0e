#include <algorithm>
#include <cctype>
#include <map>
#include <set>
#include <utility>

#include "bnn/core/json_schema.h"
#include "bnn/model/graph.h"

namespace bnn {
namespace {

constexpr std::size_t kMaxLayers = 10000;
constexpr std::int64_t kMaxSide = 1 << 20;

Shape read_input(ObjectReader& parent) {
  Shape shape;
  parent.object("input", [&](ObjectReader& reader) {
    const auto side = [&](const std::string& key) {
      return static_cast<int>(reader.integer(key, {.min = 1, .max = kMaxSide}));
    };
    shape.height = side("height");
    shape.width = side("width");
    shape.channels = side("channels");
  });
  return shape;
}

// Whether a key belongs to one layer and cannot be a default of all.
bool is_own(const std::string& key) {
  return key == "type" || key == "name" || key == "inputs" || key == "reuse";
}

// The keys that a layer of this type has, found by reading it and forgetting what was wrong.
std::vector<std::string> keys_of(const Json& layer) {
  Problems ignored("");
  ObjectReader reader(layer, "", ignored);
  read_layer(reader);
  return reader.known();
}

// The layer at `pointer` with the defaults that it has a key for and does not set. `used` collects
// those keys.
Json with_defaults(Json layer, const std::string& pointer, const Json& defaults,
                   ObjectReader& model, std::set<std::string>& used) {
  if (!layer.is_object() || !layer.contains("type") || !defaults.is_object()) return layer;
  const auto keys = keys_of(layer);
  for (const auto& [key, value] : defaults.items()) {
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) continue;
    used.insert(key);
    if (layer.contains(key)) continue;
    layer[key] = value;
    model.problems().redirect(pointer + "/" + key, model.pointer() + "/defaults/" + key);
  }
  return layer;
}

Json read_defaults(ObjectReader& reader) {
  const Json& defaults = reader.raw("defaults");
  if (!defaults.is_null() && !defaults.is_object()) {
    reader.problem("defaults", "expected an object of layer keys, found " + json_text(defaults));
  }
  if (!defaults.is_object()) return Json::object();
  for (const auto& [key, value] : defaults.items()) {
    if (is_own(key)) reader.problem("defaults/" + key, "layers cannot share this key");
  }
  return defaults;
}

// Whether a key describes variables, which a layer that reuses them has in common with the
// original.
bool describes_variables(const std::string& key) {
  static const std::set<std::string> others = {"filters",   "units",    "estimator",
                                               "trainable", "use_bias", "seed"};
  return key.starts_with("kernel_") || key.starts_with("bias_") || others.count(key) > 0;
}

bool same_word(const Json& a, const Json& b) {
  const auto equal = [](char x, char y) {
    return std::tolower(static_cast<unsigned char>(x)) ==
           std::tolower(static_cast<unsigned char>(y));
  };
  if (!a.is_string() || !b.is_string()) return false;
  const auto& left = a.get_ref<const std::string&>();
  const auto& right = b.get_ref<const std::string&>();
  return std::equal(left.begin(), left.end(), right.begin(), right.end(), equal);
}

// A layer with `reuse` takes what it does not say about the variables from the first of its name.
Json with_shared_keys(Json layer, const Json& earlier) {
  const auto same_name = [&](const Json& other) {
    return other.value("name", Json()) == layer.at("name") &&
           same_word(other.value("type", Json()), layer.value("type", Json()));
  };
  if (!layer.is_object() || !layer.contains("name") || layer.value("reuse", Json()) != Json(true)) {
    return layer;
  }
  const auto original = std::find_if(earlier.begin(), earlier.end(), same_name);
  if (original == earlier.end()) return layer;
  for (const auto& [key, value] : original->items()) {
    if (describes_variables(key) && !layer.contains(key)) layer[key] = value;
  }
  return layer;
}

// Every key that some type of layer has, with all that it may be there.
Json defaults_schema() {
  std::map<std::string, std::vector<Json>> properties;
  const Json layers = layer_schema();
  for (const Json& layer : layers.at("anyOf")) {
    for (const auto& [key, schema] : layer.at("properties").items()) {
      auto& known = properties[key];
      if (std::find(known.begin(), known.end(), schema) == known.end()) known.push_back(schema);
    }
  }
  Json schema = {
      {"type", "object"}, {"properties", Json::object()}, {"additionalProperties", false}};
  for (const auto& [key, alternatives] : properties) {
    if (is_own(key)) continue;
    schema["properties"][key] = alternatives.size() == 1 ? alternatives[0] : any_of(alternatives);
  }
  return schema;
}

// A layer in a model: what it must have can also come from the defaults or, with `reuse`, from
// another layer.
Json layer_in_model_schema() {
  Json schema = layer_schema();
  for (Json& layer : schema.at("anyOf")) layer["required"] = {"type"};
  return schema;
}

void describe_model(ObjectReader& reader) {
  reader.describe("defaults", defaults_schema());
  Json layers = list_schema(layer_in_model_schema());
  layers["minItems"] = 1;
  reader.describe("layers", std::move(layers), /*required=*/true);
}

}  // namespace

ModelSpec read_model(ObjectReader& reader) {
  ModelSpec spec;
  spec.input = read_input(reader);
  if (reader.describing()) {
    describe_model(reader);
    return spec;
  }
  const Json defaults = read_defaults(reader);
  const Json& layers = reader.raw("layers");
  if (!layers.is_array() || layers.empty() || layers.size() > kMaxLayers) {
    reader.problem("layers", "expected a list of 1 to " + std::to_string(kMaxLayers) + " layers");
    reader.finish();
    return spec;
  }
  Json resolved = Json::array();
  std::set<std::string> used;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const std::string pointer = reader.pointer() + "/layers/" + std::to_string(i);
    const Json complete =
        with_defaults(with_shared_keys(layers[i], resolved), pointer, defaults, reader, used);
    ObjectReader layer(complete, pointer, reader.problems());
    spec.layers.push_back(read_layer(layer));
    layer.finish();
    resolved.push_back(layer.resolved());
  }
  for (const auto& [key, value] : defaults.items()) {
    if (used.count(key) == 0) reader.problem("defaults/" + key, "no layer has this key");
  }
  // The defaults have gone into the layers; the resolved config needs none.
  reader.record("layers", std::move(resolved));
  reader.finish();
  return spec;
}

}  // namespace bnn
