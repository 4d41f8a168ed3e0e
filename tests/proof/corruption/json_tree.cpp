#include "json_tree.h"

#include <cctype>
#include <stdexcept>

namespace bnn::proof {
namespace {

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  JsonNode value() {
    skip_space();
    if (peek() == '{') return container(JsonNode::Kind::object, '}');
    if (peek() == '[') return container(JsonNode::Kind::list, ']');
    return scalar(token());
  }

 private:
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  void skip_space() {
    while (std::isspace(static_cast<unsigned char>(peek())) != 0) ++at_;
  }

  std::string token() {
    const std::size_t first = at_;
    if (peek() == '"') {
      for (++at_; peek() != '"'; ++at_) {
        if (peek() == '\0') throw std::runtime_error("a string without an end");
        if (peek() == '\\') ++at_;
      }
      ++at_;
    } else {
      at_ = std::min(text_.find_first_of(",:]} \n", at_), text_.size());
    }
    if (at_ == first) throw std::runtime_error("no JSON");
    return std::string(text_.substr(first, at_ - first));
  }

  JsonNode container(JsonNode::Kind kind, char end) {
    JsonNode node{kind};
    ++at_;
    for (skip_space(); peek() != end; skip_space()) {
      if (peek() == ',') ++at_;
      skip_space();
      if (kind == JsonNode::Kind::object) {
        node.keys.push_back(token());
        skip_space();
        ++at_;  // the colon
      }
      node.items.push_back(value());
    }
    ++at_;
    return node;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

void write(const JsonNode& node, std::string& text) {
  if (node.kind == JsonNode::Kind::scalar) {
    text += node.token;
    return;
  }
  const bool is_object = node.kind == JsonNode::Kind::object;
  text += is_object ? '{' : '[';
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    if (i > 0) text += ',';
    if (is_object) text.append(node.keys[i]).append(":");
    write(node.items[i], text);
  }
  text += is_object ? '}' : ']';
}

}  // namespace

JsonNode* JsonNode::find(std::string_view key) {
  const std::string wanted = quoted(key);
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (keys[i] == wanted) return &items[i];
  }
  return nullptr;
}

JsonNode scalar(std::string token) { return {JsonNode::Kind::scalar, std::move(token)}; }

JsonNode parse_tree(std::string_view text) { return Reader(text).value(); }

std::string text_of(const JsonNode& node) {
  std::string text;
  write(node, text);
  return text;
}

std::string quoted(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string token = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n') {
      token += "\\n";
    } else if (c == '\t') {
      token += "\\t";
    } else if (byte < 0x20) {
      token.append("\\u00").append({kDigits[byte >> 4u], kDigits[byte & 15u]});
    } else {
      if (c == '"' || c == '\\') token += '\\';
      token += c;
    }
  }
  return token + '"';
}

std::string unquoted(std::string_view token) {
  std::string text;
  for (std::size_t i = 1; i + 1 < token.size(); ++i) {
    if (token[i] != '\\') {
      text += token[i];
      continue;
    }
    const char escape = token[++i];
    if (escape == 'u') {
      text += static_cast<char>(std::stoi(std::string(token.substr(i + 1, 4)), nullptr, 16));
      i += 4;
    } else {
      text += escape == 'n' ? '\n' : escape == 't' ? '\t' : escape;
    }
  }
  return text;
}

bool is_string(const JsonNode& node) {
  return node.kind == JsonNode::Kind::scalar && node.token.size() >= 2 && node.token[0] == '"' &&
         node.token.back() == '"';
}

}  // namespace bnn::proof
