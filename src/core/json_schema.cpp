#include "bnn/core/json_schema.h"

#include <algorithm>
#include <cctype>
#include <string_view>

namespace bnn {
namespace {

// A regular expression of one word: "a1" in any case is "[aA]1".
std::string pattern_of(const std::string& word) {
  constexpr std::string_view kSpecial = "\\^$.|?*+()[]{}";
  std::string pattern;
  for (const char c : word) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalpha(byte)) {
      pattern += '[';
      pattern += static_cast<char>(std::tolower(byte));
      pattern += static_cast<char>(std::toupper(byte));
      pattern += ']';
    } else {
      if (kSpecial.find(c) != std::string_view::npos) pattern += '\\';
      pattern += c;
    }
  }
  return pattern;
}

// What editors offer comes first, other spellings of it second.
Json in_any_case(Json proper, const std::vector<std::string>& words) {
  std::string pattern = "^(";
  for (const std::string& word : words) {
    if (pattern.size() > 2) pattern += '|';
    pattern += pattern_of(word);
  }
  pattern += ")$";
  return any_of({std::move(proper), {{"type", "string"}, {"pattern", pattern}}});
}

// True if nothing but the type must be said, so that the bare name of the type does.
bool needs_no_options(const Json& object, const std::string& discriminator) {
  if (!object.contains("required")) return true;
  const Json& required = object.at("required");
  return std::all_of(required.begin(), required.end(),
                     [&](const Json& key) { return key == discriminator; });
}

}  // namespace

Json describe_object(const ObjectReader::Read& read) {
  const Json nothing = Json::object();
  Problems ignored("");  // keys without a fallback are missing
  ObjectReader reader(nothing, "", ignored, true);
  read(reader);
  reader.finish();
  return reader.schema();
}

Json variant_schema(const VariantRule& rule, const ObjectReader::ReadVariant& read) {
  std::vector<Json> objects;
  for (const std::string& type : rule.types) {
    const Json value = {{rule.discriminator, type}};
    Problems ignored("");
    ObjectReader reader(value, "", ignored, true);
    reader.type(rule);
    read(reader, type);
    reader.finish();
    objects.push_back(reader.schema());
  }
  return {{"anyOf", objects}};
}

Json variant_forms_schema(const VariantRule& rule, const ObjectReader::ReadVariant& read) {
  const Json objects = variant_schema(rule, read);
  std::vector<std::string> bare_names;
  for (std::size_t i = 0; rule.bare_names && i < rule.types.size(); ++i) {
    if (needs_no_options(objects["anyOf"][i], rule.discriminator)) {
      bare_names.push_back(rule.types[i]);
    }
  }
  Json schema = objects;
  if (!bare_names.empty()) schema = any_of({choice_schema(bare_names, std::nullopt), objects});
  if (rule.allows_null()) schema = or_null(schema);
  return rule.fallback ? with_default(schema, *rule.fallback) : schema;
}

Json integer_schema(const IntegerRule& rule) {
  Json schema = {{"type", "integer"}};
  if (rule.min != IntegerRule().min) schema["minimum"] = rule.min;
  if (rule.max != IntegerRule().max) schema["maximum"] = rule.max;
  if (rule.fallback) schema["default"] = *rule.fallback;
  return schema;
}

Json real_schema(const RealRule& rule) {
  Json schema = {{"type", "number"}};
  if (rule.min != RealRule().min) {
    schema[rule.above_min ? "exclusiveMinimum" : "minimum"] = rule.min;
  }
  if (rule.max != RealRule().max) schema["maximum"] = rule.max;
  if (rule.fallback) schema["default"] = *rule.fallback;
  return schema;
}

Json boolean_schema(std::optional<bool> fallback) {
  Json schema = {{"type", "boolean"}};
  if (fallback) schema["default"] = *fallback;
  return schema;
}

Json text_schema(const std::optional<std::string>& fallback) {
  Json schema = {{"type", "string"}};
  if (fallback) schema["default"] = *fallback;
  return schema;
}

Json choice_schema(const std::vector<std::string>& options,
                   const std::optional<std::string>& fallback) {
  Json schema = in_any_case({{"enum", options}}, options);
  if (fallback) schema["default"] = *fallback;
  return schema;
}

Json integers_schema(int count, const IntegerRule& rule) {
  IntegerRule element = rule;
  element.fallback.reset();
  Json list = list_schema(integer_schema(element));
  list["minItems"] = count;
  list["maxItems"] = count;
  Json schema = any_of({integer_schema(element), list});
  if (rule.fallback) schema["default"] = *rule.fallback;
  return schema;
}

Json texts_schema(const std::optional<std::vector<std::string>>& fallback) {
  const Json text = text_schema(std::nullopt);
  Json schema = any_of({text, list_schema(text)});
  if (fallback) schema["default"] = *fallback;
  return schema;
}

Json name_schema(const std::string& name, const std::optional<std::string>& fallback) {
  Json schema = in_any_case({{"const", name}}, {name});
  if (fallback == name) schema["default"] = name;
  return schema;
}

Json list_schema(Json element) { return {{"type", "array"}, {"items", std::move(element)}}; }

Json any_of(const std::vector<Json>& alternatives) {
  Json list = Json::array();
  for (const Json& alternative : alternatives) {
    if (alternative.size() == 1 && alternative.contains("anyOf")) {
      for (const Json& inner : alternative["anyOf"]) list.push_back(inner);
    } else {
      list.push_back(alternative);
    }
  }
  Json schema;
  schema["anyOf"] = std::move(list);
  return schema;
}

Json or_null(const Json& schema) {
  if (schema.contains("type") && schema["type"].is_array()) return schema;  // it allows null
  const bool listed = schema.contains("enum") || schema.contains("const");
  if (schema.contains("type") && schema["type"].is_string() && !listed) {
    Json result = schema;  // an editor's messages are more exact than with alternatives
    result["type"] = Json::array({schema["type"], "null"});
    return result;
  }
  if (!schema.contains("default")) return any_of({{{"type", "null"}}, schema});
  Json rest = schema;
  const Json value = rest["default"];
  rest.erase("default");
  return with_default(or_null(rest), value);
}

Json with_default(Json schema, Json value) {
  schema["default"] = std::move(value);
  return schema;
}

bool requires_keys(const Json& schema) {
  if (!schema.contains("anyOf")) return schema.contains("required");
  return std::all_of(schema["anyOf"].begin(), schema["anyOf"].end(), requires_keys);
}

}  // namespace bnn
