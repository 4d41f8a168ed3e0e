#include "accepted_text.h"

#include <algorithm>
#include <cstdlib>
#include <fmt/format.h>
#include <limits>

namespace bnn {
namespace {

bool has_type(const Json& schema, const std::string& type) {
  if (!schema.contains("type")) return false;
  const Json& types = schema.at("type");
  if (!types.is_array()) return types == Json(type);
  return std::any_of(types.begin(), types.end(), [&](const Json& t) { return t == Json(type); });
}

// The shorter of two texts that read back as the number: "1e+09", "0.9999999".
std::string number_text(double value) {
  const std::string shortened = fmt::format("{:g}", value);
  if (std::strtod(shortened.c_str(), nullptr) == value) return shortened;
  return fmt::format("{}", value);
}

std::string limit_text(const Json& limit) {
  return limit.is_number_integer() ? fmt::format("{}", limit.get<std::int64_t>())
                                   : number_text(limit.get<double>());
}

// Limits that only say what a variable can hold are left out.
bool is_told(const Json& maximum) {
  constexpr std::int64_t kLargest = std::numeric_limits<std::int32_t>::max();
  return !maximum.is_number_integer() || maximum.get<std::int64_t>() < kLargest;
}

std::string range_text(const Json& schema) {
  const bool has_max = schema.contains("maximum") && is_told(schema.at("maximum"));
  const bool has_min = schema.contains("minimum");
  if (has_min && has_max) {
    return fmt::format(", {} to {}", limit_text(schema.at("minimum")),
                       limit_text(schema.at("maximum")));
  }
  std::string text;
  if (has_min) text += ", at least " + limit_text(schema.at("minimum"));
  if (schema.contains("exclusiveMinimum")) {
    text += ", above " + limit_text(schema.at("exclusiveMinimum"));
  }
  if (has_max) text += ", at most " + limit_text(schema.at("maximum"));
  if (schema.contains("exclusiveMaximum")) {
    text += ", below " + limit_text(schema.at("exclusiveMaximum"));
  }
  return text;
}

std::string words_text(const Json& words) {
  std::string text;
  for (const Json& word : words) {
    text += (text.empty() ? "`" : ", `") + word.get<std::string>() + "`";
  }
  return text;
}

std::string plain_text(const Json& schema);

std::string list_text(const Json& schema, const std::vector<std::string>& before) {
  const Json& items = schema.at("items");
  const std::string count =
      schema.contains("minItems") && schema.value_or("maxItems") == schema.at("minItems")
          ? fmt::format(" of {}", limit_text(schema.at("minItems")))
          : std::string();
  if (has_type(items, "array")) return "a list" + count + ", each " + list_text(items, before);
  const std::string element = plain_text(items);
  const bool named = std::find(before.begin(), before.end(), element) != before.end();
  if (named) return "a list" + count + " of them";
  if (!has_type(items, "number")) return "a list" + count + " of " + element + "s";
  const std::string range = range_text(items);
  return "a list" + count + " of numbers" + (range.empty() ? "" : ", each" + range.substr(1));
}

// A number, a word or a text.
std::string plain_text(const Json& schema) {
  if (schema.contains("const")) return "`" + schema.at("const").get<std::string>() + "`";
  if (schema.contains("enum")) return words_text(schema.at("enum"));
  if (has_type(schema, "integer")) return "whole number" + range_text(schema);
  if (has_type(schema, "number")) return "number" + range_text(schema);
  if (has_type(schema, "boolean")) return "`true`, `false`";
  return "text";
}

}  // namespace

bool accepts_null(const Json& schema) { return has_type(schema, "null"); }

bool accepts_object(const Json& schema) { return has_type(schema, "object"); }

std::string accepted_text(const std::vector<Json>& alternatives, const std::string& object_text) {
  std::vector<std::string> parts;
  bool nullable = false;
  for (const Json& schema : alternatives) {
    nullable = nullable || accepts_null(schema);
    if (schema.size() == 1 && accepts_null(schema)) continue;
    std::string part = accepts_object(schema)      ? object_text
                       : has_type(schema, "array") ? list_text(schema, parts)
                                                   : plain_text(schema);
    if (std::find(parts.begin(), parts.end(), part) == parts.end()) parts.push_back(part);
  }
  if (nullable) parts.push_back("null");
  std::string text;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    text += (i == 0 ? "" : i + 1 < parts.size() ? "; " : "; or ") + parts[i];
  }
  return text;
}

}  // namespace bnn
