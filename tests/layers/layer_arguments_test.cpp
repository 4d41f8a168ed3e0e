// Every key of every layer type, good and bad. Types come from layer_types() and keys from the
// schema, so a key without a row fails.

#include <algorithm>
#include <set>

#include <catch2/catch.hpp>

#include "bnn/config/run_config.h"
#include "layers/layer_argument_rows.h"
#include "support/json_document.h"
#include "support/schema_check.h"
#include "support/tiny_run.h"

namespace bnn::testing {
namespace {

const std::string kPlace = "/model/layers/0/";

// A config of this layer alone, or after the original whose variables it reuses.
Json document_of(const Json& layer) {
  Json document = tiny_config();
  Json& layers = document["model"]["layers"];
  layers = Json::array({layer});
  if (layer.value_or("reuse") != true) return document;
  layers[0].erase("reuse");
  layers.push_back(layer);
  return document;
}

// The base layer with a row's context and one of its values.
Json layer_with(const std::string& type, const ArgumentRow& row, const Json& value) {
  Json layer = base_layer(type);
  for (const auto& [key, context] : row.context.items()) layer[key] = context;
  layer[row.key()] = value;
  return layer;
}

// Adds the paths of the keys below one that has this schema.
void add_paths(const std::string& path, const Json& schema, std::set<std::string>& paths) {
  if (schema.contains("anyOf")) {
    for (const Json& form : schema.at("anyOf")) add_paths(path, form, paths);
  }
  if (!schema.contains("properties")) return;
  for (const auto& [key, nested] : schema.at("properties").items()) {
    const std::string below = path.empty() ? key : path + "/" + key;
    paths.insert(below);
    add_paths(below, nested, paths);
  }
}

// The schema of a layer type: the alternative that a layer of this type and nothing else fits.
const Json& schema_of(const std::string& type) {
  static const Json schema = layer_schema();
  const Json& alternatives = schema.at("anyOf");
  const auto found = std::find_if(alternatives.begin(), alternatives.end(), [&](const Json& one) {
    return bnn::testing::at_pointer(one, "/properties/type").dump().find("\"" + type + "\"") !=
           std::string::npos;
  });
  REQUIRE(found != alternatives.end());
  return *found;
}

std::set<std::string> paths_of(const std::string& type) {
  std::set<std::string> paths;
  add_paths("", schema_of(type), paths);
  return paths;
}

// Whether a resolved value is the given one with defaults filled in.
bool carries(const Json& resolved, const Json& given) {
  if (given.is_object()) {
    return resolved.is_object() &&
           std::all_of(given.items().begin(), given.items().end(), [&](const auto& item) {
             return resolved.contains(item.key) && carries(resolved[item.key], item.value);
           });
  }
  if (resolved.is_object() && given.is_string()) return resolved.value_or("type") == given;
  if (resolved.is_array() && given.is_number()) return resolved == Json({given, given});
  return resolved == given;
}

void check_valid(const std::string& type, const ArgumentRow& row, const SchemaCheck& schema) {
  const Json layer = layer_with(type, row, row.valid);
  CAPTURE(layer.dump());
  CHECK(schema.fault(layer) == "");
  RunConfig config;
  REQUIRE_NOTHROW(config = read_run_config(document_of(layer), "c.json", ErrorKind::config));
  CHECK(row.heard(config.model.layers.back()));
  const Json& resolved = config.resolved["model"]["layers"].back();
  REQUIRE(has_pointer(resolved, row.pointer()));
  CHECK(carries(resolved[row.key()], row.valid));
}

void check_invalid(const std::string& type, const ArgumentRow& row, const SchemaCheck& schema) {
  const Json layer = layer_with(type, row, row.invalid);
  CAPTURE(layer.dump());
  CHECK_FALSE(schema.accepts(layer));
  std::string message = "accepted";
  try {
    read_run_config(document_of(layer), "c.json", ErrorKind::config);
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::config);
    message = error.what();
  }
  CHECK_THAT(message, Catch::Matchers::StartsWith("c.json: " + kPlace + row.path));
  for (const std::string& part : row.message) CHECK_THAT(message, Catch::Matchers::Contains(part));
  CHECK(message.find("expected") != std::string::npos);
}

}  // namespace

TEST_CASE("every key of every layer type is heard, recorded and checked") {
  std::size_t checked = 0;
  for (const std::string& type : layer_types()) {
    CAPTURE(type);
    const SchemaCheck schema(schema_of(type));
    for (const std::string& path : paths_of(type)) {
      if (path == "type") continue;
      CAPTURE(path);
      std::size_t rows = 0;
      for (const ArgumentRow& row : argument_rows()) {
        if (row.path != path || !row.is_of(type)) continue;
        check_valid(type, row, schema);
        check_invalid(type, row, schema);
        ++rows;
      }
      CHECK(rows > 0);
      checked += rows;
    }
  }
  CHECK(checked > 600);
}

TEST_CASE("no row stands for a key that no layer type has") {
  std::set<std::string> paths;
  for (const std::string& type : layer_types()) paths.merge(paths_of(type));
  for (const ArgumentRow& row : argument_rows()) {
    CAPTURE(row.path);
    CHECK(paths.count(row.path) == 1);
  }
}

TEST_CASE("values that rows call valid are not the defaults, but for those that name a type") {
  for (const std::string& type : layer_types()) {
    const Json plain = read_run_config(document_of(base_layer(type)), "c.json", ErrorKind::config)
                           .resolved["model"]["layers"]
                           .back();
    for (const ArgumentRow& row : argument_rows()) {
      if (!plain.contains(row.key()) || !row.is_of(type) || row.path.ends_with("/type")) continue;
      if (row.path.find("/is_singular") != std::string::npos) continue;
      CAPTURE(type, row.path);
      CHECK_FALSE(carries(plain[row.key()], row.valid));
    }
  }
}

TEST_CASE("each layer type is read by its name in any case, and by no other") {
  const SchemaCheck schema(run_config_schema());
  for (const std::string& type : layer_types()) {
    CAPTURE(type);
    Json layer = base_layer(type);
    std::string capitals = type;
    std::transform(type.begin(), type.end(), capitals.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    layer["type"] = capitals;
    const Json document = document_of(layer);
    CHECK(schema.fault(document) == "");
    const RunConfig config = read_run_config(document, "c.json", ErrorKind::config);
    CHECK(config.model.layers.back().type == type);
    CHECK(config.resolved["model"]["layers"].back()["type"] == type);
    layer["type"] = type + "_x";
    CHECK_FALSE(schema.accepts(document_of(layer)));
    CHECK_THROWS_WITH(read_run_config(document_of(layer), "c.json", ErrorKind::config),
                      Catch::Matchers::StartsWith("c.json: " + kPlace + "type: found \"" + type) &&
                          Catch::Matchers::Contains("expected one of"));
  }
}

TEST_CASE("keys that a layer must have are missed where they are not") {
  for (const std::string& type : layer_types()) {
    const Json own = schema_of(type);
    for (const Json& required : own.at("required")) {
      const std::string& key = required.text();
      CAPTURE(type, key);
      Json layer = base_layer(type);
      layer.erase(key);
      CHECK_FALSE(SchemaCheck(own).accepts(layer));
      CHECK_THROWS_WITH(
          read_run_config(document_of(layer), "c.json", ErrorKind::config),
          Catch::Matchers::StartsWith("c.json: " + kPlace + key + ": missing; expected "));
    }
  }
}

TEST_CASE("what a layer must have can come from the defaults, for the parser and the schema") {
  const SchemaCheck schema(run_config_schema());
  for (const std::string& type : layer_types()) {
    CAPTURE(type);
    Json layer = base_layer(type);
    Json document = document_of({{"type", type}});
    for (const char* key : {"filters", "units", "kernel_size", "pool_size", "rate"}) {
      if (layer.contains(key)) document["model"]["defaults"][key] = layer[key];
    }
    CHECK(schema.fault(document) == "");
    CHECK_NOTHROW(read_run_config(document, "c.json", ErrorKind::config));
  }
}

TEST_CASE("a resolved layer has every key of its type, and its own values before defaults") {
  for (const std::string& type : layer_types()) {
    Json layer = base_layer(type);
    layer["seed"] = 5;
    Json document = document_of(layer);
    document["model"]["defaults"] = {{"seed", 6}, {"trainable", false}};
    const RunConfig config = read_run_config(document, "c.json", ErrorKind::config);
    const Json& resolved = config.resolved["model"]["layers"].back();
    CAPTURE(type, resolved.dump());
    for (const auto& [key, schema] : schema_of(type).at("properties").items()) {
      CAPTURE(key);
      CHECK(resolved.contains(key));
    }
    CHECK(resolved["seed"] == 5);
    CHECK(config.model.layers.back().seed == 5u);
    CHECK(resolved["trainable"] == false);
  }
}

namespace {

// The schema with every reference replaced by what it refers to.
Json expanded(const Json& schema, const Json& definitions) {
  if (schema.is_object() && schema.contains("$ref")) {
    const auto reference = schema.at("$ref").get<std::string>();
    return expanded(definitions.at(reference.substr(std::string("#/$defs/").size())), definitions);
  }
  Json result = schema;
  if (schema.is_array()) {
    for (Json& child : result) child = expanded(child, definitions);
  }
  for (const auto& [key, child] : schema.items()) result[key] = expanded(child, definitions);
  return result;
}

}  // namespace

// Layers are checked against their own part of the schema above, which is faster.
TEST_CASE("the schema of a config holds that of layers, but for what defaults can give") {
  Json layers = layer_schema();
  for (Json& layer : layers.at("anyOf")) layer["required"] = {"type"};
  const Json schema = run_config_schema();
  const Json& items = bnn::testing::at_pointer(schema, "/properties/model/properties/layers/items");
  CHECK((expanded(items, schema.at("$defs")) == layers));
  // What repeats stands once: the whole is much shorter than its layers alone.
  CHECK(schema.dump().size() < layers.dump().size() / 3);
}

TEST_CASE("a bad default is reported once, at the default") {
  Json document = document_of({{"type", "dense_flipout"}, {"units", 3}});
  document["model"]["layers"].push_back({{"type", "dense_flipout"}, {"units", 3}});
  document["model"]["defaults"] = {{"kernel_prior_fn", {{"scale", -1}}}};
  CHECK_THROWS_WITH(
      read_run_config(document, "c.json", ErrorKind::config),
      Catch::Matchers::StartsWith("c.json: /model/defaults/kernel_prior_fn/scale: expected") &&
          !Catch::Matchers::Contains(";"));
}

}  // namespace bnn::testing
