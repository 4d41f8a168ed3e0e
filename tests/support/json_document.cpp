#include "support/json_document.h"

#include "bnn/core/parse_json.h"

namespace bnn::testing {
namespace {

void flatten(const Json& value, const std::string& pointer,
             std::vector<std::pair<std::string, Json>>& leaves) {
  if (value.is_object() && !value.empty()) {
    for (const auto& [key, member] : value.items()) flatten(member, pointer + "/" + key, leaves);
  } else if (value.is_array() && !value.empty()) {
    for (std::size_t i = 0; i < value.size(); ++i) {
      flatten(value[i], pointer + "/" + std::to_string(i), leaves);
    }
  } else {
    leaves.emplace_back(pointer, value);
  }
}

}  // namespace

Json parsed(const std::string& text) { return parse_json(text, "text", ErrorKind::internal); }

Json& at_pointer(Json& document, const std::string& pointer) {
  if (pointer.empty()) return document;
  Json& parent = at_pointer(document, parent_pointer(pointer));
  const std::string part = pointer.substr(pointer.rfind('/') + 1);
  return parent.is_array() ? parent[std::stoul(part)] : parent[part];
}

const Json& at_pointer(const Json& document, const std::string& pointer) {
  if (pointer.empty()) return document;
  const Json& parent = at_pointer(document, parent_pointer(pointer));
  const std::string part = pointer.substr(pointer.rfind('/') + 1);
  return parent.is_array() ? parent[std::stoul(part)] : parent[part];
}

bool has_pointer(const Json& document, const std::string& pointer) {
  if (pointer.empty()) return true;
  if (!has_pointer(document, parent_pointer(pointer))) return false;
  const Json& parent = at_pointer(document, parent_pointer(pointer));
  const std::string part = pointer.substr(pointer.rfind('/') + 1);
  return parent.is_array() ? std::stoul(part) < parent.size() : parent.contains(part);
}

std::string parent_pointer(const std::string& pointer) {
  return pointer.substr(0, pointer.rfind('/'));
}

std::vector<std::pair<std::string, Json>> flattened(const Json& document) {
  std::vector<std::pair<std::string, Json>> leaves;
  flatten(document, "", leaves);
  return leaves;
}

}  // namespace bnn::testing
