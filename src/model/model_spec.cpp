#include <algorithm>
#include <set>
#include <utility>

#include "bnn/model/graph.h"

namespace bnn {
namespace {

constexpr std::size_t kMaxLayers = 10000;
constexpr std::int64_t kMaxSide = 1 << 20;

Shape read_input(ObjectReader& parent) {
  ObjectReader reader = parent.object("input");
  const auto side = [&](const std::string& key) {
    return static_cast<int>(reader.integer(key, {.min = 1, .max = kMaxSide}));
  };
  Shape shape;
  shape.height = side("height");
  shape.width = side("width");
  shape.channels = side("channels");
  reader.finish();
  parent.record("input", reader.resolved());
  return shape;
}

// The keys that a layer of this type has, found by reading it and forgetting what was wrong.
std::vector<std::string> keys_of(const Json& layer) {
  Problems ignored("");
  ObjectReader reader(layer, "", ignored);
  read_layer(reader);
  return reader.known();
}

// The layer with the defaults that it has a key for and does not set. `used` collects those keys.
Json with_defaults(Json layer, const Json& defaults, std::set<std::string>& used) {
  if (!layer.is_object() || !layer.contains("type") || !defaults.is_object()) return layer;
  const auto keys = keys_of(layer);
  for (const auto& [key, value] : defaults.items()) {
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) continue;
    used.insert(key);
    if (!layer.contains(key)) layer[key] = value;
  }
  return layer;
}

Json read_defaults(ObjectReader& reader) {
  const Json& defaults = reader.raw("defaults");
  if (!defaults.is_null() && !defaults.is_object()) {
    reader.problem("defaults", "expected an object of layer keys, found " + json_text(defaults));
  }
  if (!defaults.is_object()) return Json::object();
  for (const std::string key : {"type", "name", "inputs"}) {
    if (defaults.contains(key)) {
      reader.problem("defaults/" + key, "layers cannot share this key");
    }
  }
  return defaults;
}

}  // namespace

ModelSpec read_model(ObjectReader& reader) {
  ModelSpec spec;
  spec.input = read_input(reader);
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
    const Json complete = with_defaults(layers[i], defaults, used);
    ObjectReader layer(complete, reader.pointer() + "/layers/" + std::to_string(i),
                       reader.problems());
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
