#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <optional>
#include <string>
#include <zlib.h>

#include "bnn/core/parse_json.h"
#include "mend.h"
#include "target.h"

namespace bnn::fuzzing {
namespace {

constexpr std::size_t kLength = 8, kMostData = std::size_t{1} << 16;
constexpr const char* kMetadata = "__metadata__";

// Where the JSON object that begins at `from` ends.
std::optional<std::size_t> end_of_object(const Input& input, std::size_t from) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = from; i < input.size(); ++i) {
    const char byte = static_cast<char>(input[i]);
    if (in_string && byte == '\\') ++i;
    if (byte == '"') in_string = !in_string;
    if (in_string) continue;
    if (byte == '{') ++depth;
    if (byte == '}' && --depth == 0) return i + 1;
  }
  return std::nullopt;
}

void set_length(Input& input, std::size_t length) {
  for (std::size_t i = 0; i < kLength; ++i) {
    input[i] = static_cast<std::uint8_t>(length >> (8 * i));
  }
}

// Bytes of the float32 numbers of a shape, if it is one and small.
std::optional<std::size_t> bytes_of(const Json& tensor) {
  const Json* shape = tensor.find("shape");
  if (shape == nullptr || !shape->is_array()) return std::nullopt;
  std::size_t bytes = sizeof(float);
  for (const Json& side : *shape) {
    if (!side.is_number_unsigned() || side.get<std::uint64_t>() > kMostData) return std::nullopt;
    bytes *= side.get<std::size_t>();
    if (bytes > kMostData) return std::nullopt;
  }
  return bytes;
}

struct Digest {
  uLong crc = 0;

  void add(const void* bytes, std::size_t size) {
    if (size > 0) crc = crc32_z(crc, static_cast<const Bytef*>(bytes), size);
  }
  void add_number(std::uint64_t number) { add(&number, sizeof number); }
  void add_text(const std::string& text) {
    add_number(text.size());
    add(text.data(), text.size());
  }
};

// As checkpoint_file.h describes it.
std::string digest_of(const Json& header, const Input& data) {
  std::map<std::string, const Json*> tensors;
  std::map<std::string, std::string> metadata;
  for (const auto& [name, value] : header.items()) {
    if (name != kMetadata) tensors.emplace(name, &value);
  }
  for (const auto& [key, value] : header.at(kMetadata).items()) {
    if (key != "digest" && value.is_string()) metadata.emplace(key, value.text());
  }
  Digest digest;
  digest.add_number(tensors.size());
  for (const auto& [name, tensor] : tensors) {
    digest.add_text(name);
    digest.add_number(tensor->at("shape").size());
    for (const Json& side : tensor->at("shape")) digest.add_number(side.get<std::uint64_t>());
    const auto begin = tensor->at("data_offsets")[0].get<std::size_t>();
    const auto end = tensor->at("data_offsets")[1].get<std::size_t>();
    digest.add_number(end - begin);
    digest.add(data.data() + begin, end - begin);
  }
  digest.add_number(metadata.size());
  for (const auto& [key, value] : metadata) {
    digest.add_text(key);
    digest.add_text(value);
  }
  return fmt::format("crc32:{:08x}", digest.crc);
}

// Gives every tensor as many bytes as its shape needs, one behind the other. False if a shape is
// none.
bool set_offsets(Json& header, Input& data) {
  std::size_t offset = 0;
  for (const auto& member : header.items()) {
    if (member.key == kMetadata) continue;
    const auto bytes = bytes_of(member.value);
    if (!bytes || offset + *bytes > kMostData) return false;
    header.at(member.key)["data_offsets"] = Json::array({offset, offset + *bytes});
    offset += *bytes;
  }
  data.resize(offset, 0);
  return true;
}

}  // namespace

void mend_header_length(Input& input) {
  if (input.size() < kLength) return;
  set_length(input, end_of_object(input, kLength).value_or(input.size()) - kLength);
}

void mend_checkpoint(Input& input) {
  mend_header_length(input);
  const auto end = input.size() < kLength ? std::nullopt : end_of_object(input, kLength);
  if (!end) return;
  auto header = try_parse_json(as_text(Bytes(input).subspan(kLength, *end - kLength)));
  if (!header || !header->is_object() || !header->contains(kMetadata)) return;
  Input data(input.begin() + static_cast<std::ptrdiff_t>(*end), input.end());
  if (!header->at(kMetadata).is_object() || !set_offsets(*header, data)) return;
  header->at(kMetadata)["digest"] = digest_of(*header, data);
  const std::string text = header->dump_replacing();
  input.assign(kLength, 0);
  set_length(input, text.size());
  input.insert(input.end(), text.begin(), text.end());
  input.insert(input.end(), data.begin(), data.end());
}

}  // namespace bnn::fuzzing
