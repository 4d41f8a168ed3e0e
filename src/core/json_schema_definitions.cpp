#include <map>
#include <string>
#include <utility>

#include "bnn/core/json_schema.h"

namespace bnn {
namespace {

constexpr std::size_t kWorthSharing = 150;  // bytes of text

// Calls visit(child, name) for each schema directly inside a schema; the name says what it is of.
template <typename Schema, typename Visit>
void for_each_child(Schema& schema, const std::string& name, const Visit& visit) {
  if (!schema.is_object()) return;
  for (const char* key : {"properties", "anyOf", "items"}) {
    if (!schema.contains(key)) continue;
    auto& value = schema.at(key);
    if (std::string(key) == "properties") {
      for (const auto& [property, child] : std::as_const(value).items()) {
        visit(value.at(property), property);
      }
    } else if (value.is_array()) {
      for (auto& child : value) visit(child, name);
    } else {
      visit(value, name);
    }
  }
}

void count(const Json& schema, const std::string& name, std::map<std::string, int>& counts) {
  std::string text = schema.dump();
  // What is inside a repeated schema is shared along with it.
  if (text.size() >= kWorthSharing && ++counts[std::move(text)] > 1) return;
  for_each_child(schema, name, [&](const Json& child, const std::string& child_name) {
    count(child, child_name, counts);
  });
}

class Sharing {
 public:
  explicit Sharing(const Json& schema) { count(schema, "schema", counts_); }

  void replace(Json& schema, const std::string& name) {
    const std::string text = schema.dump();
    const auto counted = counts_.find(text);
    const bool repeated = counted != counts_.end() && counted->second > 1;
    for_each_child(schema, name,
                   [&](Json& child, const std::string& inner) { replace(child, inner); });
    if (!repeated) return;
    auto [place, is_new] = names_.try_emplace(text, "");
    if (is_new) {
      place->second = free_name(name);
      definitions_[place->second] = schema;
    }
    schema = {{"$ref", "#/$defs/" + place->second}};
  }

  const Json& definitions() const { return definitions_; }

 private:
  std::string free_name(const std::string& name) const {
    std::string candidate = name;
    for (int i = 1; definitions_.contains(candidate); ++i) {
      candidate = name;
      candidate.append("_").append(std::to_string(i));
    }
    return candidate;
  }

  std::map<std::string, int> counts_;         // by text
  std::map<std::string, std::string> names_;  // of definitions, by text
  Json definitions_ = Json::object();
};

}  // namespace

Json share_definitions(Json schema) {
  Sharing sharing(schema);
  sharing.replace(schema, "schema");
  if (!sharing.definitions().empty()) schema["$defs"] = sharing.definitions();
  return schema;
}

}  // namespace bnn
