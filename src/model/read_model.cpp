#include "bnn/model/read_model.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <set>
#include <utility>

#include "bnn/core/json_schema.h"
#include "bnn/layers/read_layer.h"

namespace bnn {
namespace {

constexpr std::size_t kMaxLayers = 10000;
constexpr std::int64_t kMaxSide = 1 << 20;

Shape read_sides(ObjectReader& reader) {
  const auto side = [&](const std::string& key) {
    return static_cast<int>(reader.integer(key, {.min = 1, .max = kMaxSide}));
  };
  Shape shape;
  shape.height = side("height");
  shape.width = side("width");
  shape.channels = side("channels");
  return shape;
}

Shape read_input(ObjectReader& parent) {
  Shape shape;
  parent.object("input", [&](ObjectReader& reader) { shape = read_sides(reader); });
  return shape;
}

// Whether a key belongs to one layer and cannot be a default of all.
bool is_own(const std::string& key) {
  return key == "type" || key == "name" || key == "inputs" || key == "reuse";
}

Json read_defaults(ObjectReader& reader) {
  const Json& defaults = reader.raw("defaults");
  if (!defaults.is_null() && !defaults.is_object()) {
    reader.problem("defaults",
                   fmt::format("expected an object of layer keys, found {}", json_text(defaults)));
  }
  return defaults.is_object() ? defaults : Json::object();
}

// Reads the layers one by one. A key that a layer leaves out is taken from the layer whose
// variables it reuses, or else from the defaults.
class LayersReader {
 public:
  explicit LayersReader(ObjectReader& model) : model_(model), defaults_(read_defaults(model)) {}

  void read(Json layer) {
    const std::string place = fmt::format("layers/{}", specs_.size());
    const auto original = original_of(layer);
    if (reuses(layer) && !original) {
      model_.problem(place + "/reuse", fmt::format("there is no layer named {} before this one",
                                                   json_text(layer.at("name"))));
    }
    complete(layer, place, original);
    ObjectReader reader(layer, model_.pointer() + "/" + place, model_.problems());
    specs_.push_back(read_layer(reader));
    reader.finish();
    resolved_.push_back(reader.resolved());
    if (original) check_reuse(reader, specs_.back(), specs_[*original]);
  }

  // Reports defaults that no layer has and hands over what was read.
  std::vector<LayerSpec> finish() {
    for (const auto& [key, value] : defaults_.items()) {
      const auto guess = closest(key, {known_.begin(), known_.end()});
      if (is_own(key)) {
        model_.problem("defaults/" + key, "layers cannot share this key");
      } else if (known_.count(key) == 0) {
        model_.problem("defaults/" + key,
                       fmt::format("no layer has this key{}",
                                   guess ? fmt::format(" (did you mean \"{}\"?)", *guess) : ""));
      }
    }
    // The defaults have gone into the layers; the resolved config needs none.
    model_.record("layers", std::move(resolved_));
    return std::move(specs_);
  }

 private:
  static bool reuses(const Json& layer) {
    const Json* reuse = layer.find("reuse");
    const Json* name = layer.find("name");
    return reuse != nullptr && *reuse == true && name != nullptr && name->is_string() &&
           *name != "";
  }

  // The place of the first layer of the name, if this one reuses its variables.
  std::optional<std::size_t> original_of(const Json& layer) const {
    if (!reuses(layer)) return std::nullopt;
    const auto found = std::find_if(specs_.begin(), specs_.end(), [&](const LayerSpec& other) {
      return other.name == layer.at("name").text();
    });
    if (found == specs_.end()) return std::nullopt;
    return static_cast<std::size_t>(found - specs_.begin());
  }

  void complete(Json& layer, const std::string& place, std::optional<std::size_t> original) {
    if (!layer.is_object()) return;
    const LayerKeys& keys = layer_keys(layer);
    known_.insert(keys.all.begin(), keys.all.end());
    const auto is_wanted = [&](const std::string& key) {
      return !layer.contains(key) && keys.all.count(key) > 0;
    };
    if (original) {
      for (const auto& [key, value] : resolved_[*original].items()) {
        if (keys.of_variables.count(key) > 0 && is_wanted(key)) layer[key] = value;
      }
    }
    for (const auto& [key, value] : defaults_.items()) {
      if (is_own(key) || !is_wanted(key)) continue;
      layer[key] = value;
      model_.problems().redirect(model_.pointer() + "/" + place + "/" + key,
                                 model_.pointer() + "/defaults/" + key);
    }
  }

  static void check_reuse(ObjectReader& reader, const LayerSpec& layer, const LayerSpec& original) {
    if (original.type != layer.type) {
      reader.problem("reuse",
                     fmt::format("expected a layer of the original's type, \"{}\", found \"{}\"",
                                 original.type, layer.type));
    } else if (layer.seed != original.seed || !layer.options.same_variables(original.options)) {
      reader.problem(
          "reuse",
          "posterior, prior, divergence, estimator, bias, \"momentum\", \"trainable\" or "
          "\"seed\" differ from the original's; leave these keys out to take its own");
    }
  }

  ObjectReader& model_;
  Json defaults_;
  std::vector<LayerSpec> specs_;
  Json resolved_ = Json::array();
  std::set<std::string> known_;  // keys that some layer has
};

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
  reader.describe("layers", std::move(layers));
  reader.describe("input", describe_object([](ObjectReader& input) { read_sides(input); }));
}

}  // namespace

ModelSpec read_model(ObjectReader& reader) {
  ModelSpec spec;
  spec.input = read_input(reader);
  if (reader.describing()) {
    describe_model(reader);
    return spec;
  }
  LayersReader layers(reader);
  const Json& list = reader.raw("layers");
  if (!list.is_array() || list.empty() || list.size() > kMaxLayers) {
    reader.problem("layers", fmt::format("expected a list of 1 to {} layers", kMaxLayers));
    reader.finish();
    return spec;
  }
  for (const Json& layer : list) layers.read(layer);
  spec.layers = layers.finish();
  reader.finish();
  return spec;
}

}  // namespace bnn
