#include "strict_reader.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <exception>
#include <fmt/format.h>
#include <optional>
#include <set>
#include <vector>

#include "tensor_file.h"

namespace bnn::proof {
namespace {

struct Extent {
  std::uint64_t begin, end;

  bool operator<(const Extent& other) const {
    return begin != other.begin ? begin < other.begin : end < other.end;
  }
};

bool has_repeated_key(const JsonNode& object) {
  std::set<std::string> keys;
  for (const std::string& key : object.keys) keys.insert(unquoted(key));
  return keys.size() != object.keys.size();
}

// A plain whole number that no product of a few of them overflows.
std::optional<std::uint64_t> whole(const JsonNode& node) {
  const std::string& token = node.token;
  const bool plain = node.kind == JsonNode::Kind::scalar && !token.empty() && token.size() < 13 &&
                     token.find_first_not_of("0123456789") == std::string::npos;
  return plain ? std::optional<std::uint64_t>(std::stoull(token)) : std::nullopt;
}

std::string fault_of_metadata(const JsonNode& metadata) {
  if (metadata.kind != JsonNode::Kind::object) return "metadata that are no object";
  if (has_repeated_key(metadata)) return "a key of the metadata appears twice";
  const bool plain = std::all_of(metadata.items.begin(), metadata.items.end(), is_string);
  return plain ? "" : "metadata that are no text";
}

std::string fault_of_tensor(JsonNode& entry, std::size_t data_size, std::vector<Extent>& extents) {
  if (entry.kind != JsonNode::Kind::object || entry.keys.size() != 3 || has_repeated_key(entry)) {
    return "a tensor without its three keys";
  }
  JsonNode *dtype = entry.find("dtype"), *shape = entry.find("shape");
  JsonNode* offsets = entry.find("data_offsets");
  if (dtype == nullptr || shape == nullptr || offsets == nullptr) return "a tensor lacks a key";
  if (dtype->token != "\"F32\"") return "another dtype";
  if (shape->kind != JsonNode::Kind::list || offsets->items.size() != 2) return "no lists";
  double bytes = sizeof(float);
  for (const JsonNode& side : shape->items) {
    const auto number = whole(side);
    if (!number) return "a side that is no number";
    bytes *= static_cast<double>(*number);
  }
  const auto begin = whole(offsets->items[0]), end = whole(offsets->items[1]);
  if (!begin || !end || *begin > *end || *end > data_size) return "offsets beyond the data";
  if (bytes != static_cast<double>(*end - *begin)) return "a shape of another size";
  extents.push_back({*begin, *end});
  return "";
}

bool tile(std::vector<Extent> extents, std::size_t data_size) {
  std::sort(extents.begin(), extents.end());
  std::uint64_t covered = 0;
  for (const Extent& extent : extents) {
    if (extent.begin != covered) return false;
    covered = extent.end;
  }
  return covered == data_size;
}

bool are_finite(const std::string& data) {
  for (std::size_t at = 0; at + sizeof(float) <= data.size(); at += sizeof(float)) {
    float value = 0;
    std::memcpy(&value, data.data() + at, sizeof value);
    if (!std::isfinite(value)) return false;
  }
  return true;
}

}  // namespace

std::string broken_rule(const std::string& bytes) try {
  TensorFile file = parse_tensor_file(bytes);
  if (has_repeated_key(file.header)) return "a name appears twice";
  std::vector<Extent> extents;
  for (std::size_t i = 0; i < file.header.items.size(); ++i) {
    const bool is_metadata = file.header.keys[i] == "\"__metadata__\"";
    JsonNode& item = file.header.items[i];
    const std::string fault =
        is_metadata ? fault_of_metadata(item) : fault_of_tensor(item, file.data.size(), extents);
    if (!fault.empty()) return fault;
  }
  if (!tile(extents, file.data.size())) return "the tensors do not tile the data";
  if (!are_finite(file.data)) return "a value is not finite";
  return sealed(bytes) == bytes ? "" : "the digest is another";
} catch (const std::exception& error) {
  return fmt::format("its header cannot be read: {}", error.what());
}

}  // namespace bnn::proof
