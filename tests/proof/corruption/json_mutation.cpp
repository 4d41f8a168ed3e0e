#include "json_mutation.h"

#include <array>
#include <exception>
#include <utility>
#include <vector>

namespace bnn::proof {
namespace {

constexpr auto kNumbers = std::to_array<const char*>({"0",
                                                      "1",
                                                      "2",
                                                      "3",
                                                      "-1",
                                                      "-0",
                                                      "0.0",
                                                      "0.5",
                                                      "-0.5",
                                                      "1.0",
                                                      "1e0",
                                                      "7",
                                                      "10",
                                                      "64",
                                                      "255",
                                                      "65536",
                                                      "2147483647",
                                                      "2147483648",
                                                      "4294967295",
                                                      "4294967296",
                                                      "4294967297",
                                                      "9007199254740993",
                                                      "9223372036854775807",
                                                      "9223372036854775808",
                                                      "18446744073709551615",
                                                      "18446744073709551616",
                                                      "-9223372036854775808",
                                                      "-9223372036854775809",
                                                      "1e38",
                                                      "3.5e38",
                                                      "1e300",
                                                      "1e308",
                                                      "1e309",
                                                      "1e999",
                                                      "-1e999",
                                                      "1e-30",
                                                      "1e-38",
                                                      "1e-45",
                                                      "1e-400",
                                                      "5e-324",
                                                      "NaN",
                                                      "nan",
                                                      "Infinity",
                                                      "-Infinity",
                                                      "inf",
                                                      "00",
                                                      "01",
                                                      "0x10",
                                                      "1.",
                                                      ".5",
                                                      "+1",
                                                      "1e",
                                                      "1_000",
                                                      "\"1\"",
                                                      "\"NaN\"",
                                                      "true",
                                                      "null",
                                                      "[1]",
                                                      "211106198978564"});

constexpr auto kValues = std::to_array<const char*>(
    {"null", "true", "false", "\"\"", "\"x\"", "[]", "{}", "[[]]", "[null]", "{\"\":0}", "[1,2]",
     "{\"type\":\"dense\"}", "[{}]", "\"\\ud800\"", "\"\\u0000\"", "undefined", "// x\n1", "'x'"});

// Words of configs, so that mutants are valid configs of other networks more often.
constexpr auto kWords = std::to_array<const char*>({"conv2d",
                                                    "conv2d_flipout",
                                                    "conv2d_reparameterization",
                                                    "conv2d_local_reparameterization",
                                                    "depthwise_conv2d",
                                                    "depthwise_conv2d_flipout",
                                                    "separable_conv2d",
                                                    "conv2d_transpose",
                                                    "dense",
                                                    "dense_flipout",
                                                    "dense_reparameterization",
                                                    "dense_local_reparameterization",
                                                    "max_pooling2d",
                                                    "average_pooling2d",
                                                    "global_average_pooling2d",
                                                    "zero_padding2d",
                                                    "upsampling2d",
                                                    "flatten",
                                                    "activation",
                                                    "prelu",
                                                    "add",
                                                    "multiply",
                                                    "concatenate",
                                                    "dropout",
                                                    "spatial_dropout2d",
                                                    "batch_normalization",
                                                    "group_normalization",
                                                    "filter_response_normalization",
                                                    "relu",
                                                    "elu",
                                                    "selu",
                                                    "gelu",
                                                    "tanh",
                                                    "sigmoid",
                                                    "softplus",
                                                    "softmax",
                                                    "linear",
                                                    "same",
                                                    "valid",
                                                    "adam",
                                                    "adamw",
                                                    "ivon",
                                                    "sgd",
                                                    "own",
                                                    "openblas",
                                                    "idx",
                                                    "cifar10",
                                                    "cifar100",
                                                    "folder",
                                                    "csv",
                                                    "given",
                                                    "none",
                                                    "per_channel",
                                                    "zeros",
                                                    "ones",
                                                    "constant",
                                                    "he_normal",
                                                    "glorot_uniform",
                                                    "normal",
                                                    "max_norm",
                                                    "unit_norm",
                                                    "non_neg",
                                                    "l2",
                                                    "constant",
                                                    "cosine",
                                                    "step",
                                                    "exponential",
                                                    "channels_first",
                                                    "channels_last",
                                                    "stretch",
                                                    "features",
                                                    "optimizer/m",
                                                    "validation_nll"});

JsonNode nested(Random& random) {
  constexpr auto kDepths = std::to_array<std::size_t>({2, 63, 64, 65, 1000, 100000});
  const std::size_t depth = random.pick(kDepths);
  if (random.chance(50)) return scalar(std::string(depth, '[') + std::string(depth, ']'));
  std::string text;
  for (std::size_t i = 0; i < depth; ++i) text += "{\"a\":";
  return scalar(text + "1" + std::string(depth, '}'));
}

std::string changed_number(const std::string& token, Random& random) {
  constexpr auto kShifts = std::to_array<int>({-4, -1, 1, 4});
  if (token.find_first_not_of("0123456789") != std::string::npos || token.size() > 15) {
    return (token.front() == '-' ? "" : "-") + token;
  }
  const std::int64_t value = std::stoll(token);
  switch (random.below(4)) {
    case 0:
      return std::to_string(value * 2);
    case 1:
      return token + ".5";
    case 2:
      return "-" + token;
    default:
      return std::to_string(value + random.pick(kShifts));
  }
}

struct Place {
  JsonNode* parent;  // null: the root
  std::size_t index;
  JsonNode* node;
};

void collect(JsonNode& node, std::vector<Place>& places) {
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    places.push_back({&node, i, &node.items[i]});
    collect(node.items[i], places);
  }
}

std::string some_name(const Place& place, Random& random) {
  if (random.chance(40)) return quoted(hostile_name(random));
  if (random.chance(50)) return quoted(random.pick(kWords));
  return random.pick(place.parent->keys);
}

void insert(const Place& place, JsonNode node, Random& random) {
  JsonNode& parent = *place.parent;
  const auto at = static_cast<std::ptrdiff_t>(place.index);
  if (parent.kind == JsonNode::Kind::object) {
    parent.keys.insert(parent.keys.begin() + at,
                       random.chance(50) ? parent.keys[place.index] : some_name(place, random));
  }
  parent.items.insert(parent.items.begin() + at, std::move(node));
}

void remove(const Place& place) {
  JsonNode& parent = *place.parent;
  const auto at = static_cast<std::ptrdiff_t>(place.index);
  if (parent.kind == JsonNode::Kind::object) parent.keys.erase(parent.keys.begin() + at);
  parent.items.erase(parent.items.begin() + at);
}

void replace_scalar(JsonNode& node, Random& random) {
  const bool is_number = node.token.find_first_not_of("0123456789.eE+-") == std::string::npos;
  if (is_number && random.chance(50)) {
    node.token = changed_number(node.token, random);
  } else if (is_number || random.chance(15)) {
    node.token = hostile_number(random);
  } else if (node.token == "true" || node.token == "false") {
    node.token = node.token == "true" ? "false" : "true";
  } else {
    node.token = quoted(random.chance(70) ? random.pick(kWords) : hostile_name(random));
  }
}

}  // namespace

std::string hostile_number(Random& random) {
  if (random.chance(4)) return std::string(1 + random.below(2000), '9');
  return random.pick(kNumbers);
}

std::string hostile_name(Random& random) {
  using namespace std::string_literals;
  static const std::vector<std::string> kNames = {"",
                                                  "../../x",
                                                  "/etc/passwd",
                                                  "__metadata__",
                                                  "a\nb",
                                                  "a\x1b[31mred",
                                                  "\xff\xfe",
                                                  "a\0b"s,
                                                  "\xe2\x80\xae x",
                                                  "best:",
                                                  "best:x",
                                                  "optimizer/m/x",
                                                  "=1+1",
                                                  "-rf",
                                                  "%s%n",
                                                  "{}",
                                                  "{0}",
                                                  "\xed\xa0\x80",
                                                  "\xf0\x9f\x98\x80",
                                                  std::string(256, 'n'),
                                                  std::string(257, 'n'),
                                                  std::string(65536, 'n'),
                                                  "kind",
                                                  "digest",
                                                  "config",
                                                  "state",
                                                  "unwritten_best",
                                                  " "};
  return random.pick(kNames);
}

void mutate_json(JsonNode& root, Random& random) {
  std::vector<Place> places;
  collect(root, places);
  if (places.empty()) {
    root = scalar(random.pick(kValues));
    return;
  }
  const Place place = random.pick(places);
  JsonNode& node = *place.node;
  switch (random.below(9)) {
    case 0:
      return remove(place);
    case 1:
      return insert(place, JsonNode(node), random);
    case 2:
      return insert(place, scalar(random.pick(kValues)), random);
    case 3:
      if (place.parent->kind != JsonNode::Kind::object) break;
      place.parent->keys[place.index] = some_name(place, random);
      return;
    case 4: {
      JsonNode other = *random.pick(places).node;
      node = std::move(other);
      return;
    }
    case 5:
      node = random.chance(20) ? nested(random) : scalar(random.pick(kValues));
      return;
    default:
      break;
  }
  if (node.kind == JsonNode::Kind::scalar) return replace_scalar(node, random);
  node = scalar(hostile_number(random));
}

void mutate_embedded(JsonNode& text, Random& random) {
  constexpr std::size_t kMostText = 20000;  // deeper nesting than parse_tree can take is longer
  if (!is_string(text) || text.token.size() > kMostText) return;
  try {
    JsonNode document = parse_tree(unquoted(text.token));
    mutate_json(document, random);
    text.token = quoted(text_of(document));
  } catch (const std::exception&) {
    // An earlier change left no JSON.
  }
}

}  // namespace bnn::proof
