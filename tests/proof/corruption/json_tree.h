#pragma once
// JSON as a tree of its own tokens: what no JSON library writes can be written too, such as keys
// that appear twice, numbers of a thousand digits and words that are no JSON.

#include <string>
#include <string_view>
#include <vector>

namespace bnn::proof {

struct JsonNode {
  enum class Kind { scalar, list, object } kind = Kind::scalar;
  std::string token = {};              // of a scalar, as it stands in the text
  std::vector<std::string> keys = {};  // of an object, as they stand in the text, with quotes
  std::vector<JsonNode> items = {};    // of an object or a list

  /// The value of a key, null if there is none.
  JsonNode* find(std::string_view key);
};

JsonNode scalar(std::string token);
/// @param text valid JSON
JsonNode parse_tree(std::string_view text);
std::string text_of(const JsonNode& node);

/// A text as a JSON string. Bytes from 128 on stay as they are.
std::string quoted(std::string_view text);
/// @param token of a JSON string
std::string unquoted(std::string_view token);
bool is_string(const JsonNode& node);

}  // namespace bnn::proof
