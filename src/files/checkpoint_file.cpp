#include "bnn/files/checkpoint_file.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <fmt/format.h>
#include <string_view>
#include <zlib.h>

#include "bnn/core/error.h"
#include "bnn/core/input_file.h"
#include "bnn/core/json_reader.h"

namespace bnn {
namespace {

constexpr std::string_view kFormat = "bnn";
constexpr std::string_view kFormatVersion = "1";

using Metadata = std::map<std::string, std::string>;

// A checksum over a sequence of items, each preceded by its length, so that no two sequences
// give the same bytes.
class Digest {
 public:
  void add_number(std::size_t value) {
    // The byte order of safetensors.cpp, which refuses to compile on other machines.
    add_bytes(std::bit_cast<std::array<std::byte, 8>>(static_cast<std::uint64_t>(value)));
  }
  void add_text(const std::string& text) {
    add_number(text.size());
    add_bytes(std::as_bytes(std::span(text)));
  }
  void add_values(std::span<const float> values) {
    add_number(values.size_bytes());
    add_bytes(std::as_bytes(values));
  }
  std::string text() const {
    constexpr char kDigits[] = "0123456789abcdef";
    std::string result = "crc32:";
    for (int shift = 28; shift >= 0; shift -= 4) result += kDigits[(crc_ >> shift) & 0xFu];
    return result;
  }

 private:
  void add_bytes(std::span<const std::byte> bytes) {
    if (bytes.empty()) return;  // zlib takes a null pointer for a wish to begin anew
    crc_ = crc32_z(crc_, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
  }

  uLong crc_ = 0;  // the checksum of nothing
};

std::string digest_of(const Metadata& metadata, std::span<const TensorView> tensors) {
  Digest digest;
  digest.add_number(tensors.size());
  for (const TensorView& tensor : tensors) {
    digest.add_text(tensor.name);
    digest.add_number(tensor.shape.size());
    for (const std::int64_t dimension : tensor.shape) {
      digest.add_number(static_cast<std::size_t>(dimension));
    }
    digest.add_values(tensor.values);
  }
  digest.add_number(metadata.size() - metadata.count("digest"));
  for (const auto& [key, value] : metadata) {
    if (key == "digest") continue;
    digest.add_text(key);
    digest.add_text(value);
  }
  return digest.text();
}

void check_values(const TensorView& tensor, const std::string& path, ErrorKind kind) {
  for (std::size_t i = 0; i < tensor.values.size(); ++i) {
    if (std::isfinite(tensor.values[i])) continue;
    throw Error(kind, fmt::format("{}: tensor {}: value {} is not finite", shown_path(path),
                                  json_text(tensor.name), i));
  }
}

std::vector<TensorView> views_of(const std::vector<Tensor>& tensors) {
  std::vector<TensorView> views;
  views.reserve(tensors.size());
  for (const Tensor& tensor : tensors) views.push_back({tensor.name, tensor.shape, tensor.values});
  return views;
}

// Removes an entry and returns it.
std::string take(Metadata& metadata, const std::string& key, const std::string& path) {
  auto entry = metadata.extract(key);
  if (entry.empty()) {
    throw Error(ErrorKind::checkpoint,
                fmt::format("{}: no \"{}\" in its metadata: not a bnn checkpoint, or a damaged one",
                            shown_path(path), key));
  }
  return std::move(entry.mapped());
}

void check_format(const Metadata& metadata, const std::string& path) {
  const auto format = metadata.find("format");
  if (format == metadata.end() || format->second != kFormat) {
    throw Error(ErrorKind::checkpoint,
                shown_path(path) + ": has no bnn metadata: not a bnn checkpoint");
  }
  const auto version = metadata.find("format_version");
  if (version == metadata.end() || version->second != kFormatVersion) {
    throw Error(ErrorKind::checkpoint,
                fmt::format("{}: expected a checkpoint of format_version \"{}\", found {}",
                            shown_path(path), kFormatVersion,
                            version == metadata.end() ? "none" : json_text(version->second)));
  }
}

void check_digest(const Metadata& metadata, std::span<const TensorView> tensors,
                  const std::string& path) {
  const auto stored = metadata.find("digest");
  if (stored == metadata.end()) {
    throw Error(ErrorKind::checkpoint,
                fmt::format("{}: no digest in its metadata: cannot tell whether the checkpoint is "
                            "whole",
                            shown_path(path)));
  }
  const std::string computed = digest_of(metadata, tensors);
  if (stored->second != computed) {
    throw Error(ErrorKind::checkpoint,
                fmt::format("{}: damaged: the contents have digest \"{}\"; expected {}",
                            shown_path(path), computed, json_text(stored->second)));
  }
}

}  // namespace

void write_checkpoint_file(const std::string& path, const std::string& config_json,
                           const std::string& state_json, Metadata extra_metadata,
                           std::span<const TensorView> tensors) {
  Metadata metadata = std::move(extra_metadata);
  bool free = metadata.count("digest") == 0;
  free &= metadata.emplace("format", kFormat).second;
  free &= metadata.emplace("format_version", kFormatVersion).second;
  free &= metadata.emplace("config", config_json).second;
  free &= metadata.emplace("state", state_json).second;
  if (!free) throw Error(ErrorKind::internal, shown_path(path) + ": reserved metadata key in use");

  std::vector<TensorView> sorted(tensors.begin(), tensors.end());
  std::sort(sorted.begin(), sorted.end(),
            [](const TensorView& a, const TensorView& b) { return a.name < b.name; });
  for (const TensorView& tensor : sorted) check_values(tensor, path, ErrorKind::numerical);
  metadata.emplace("digest", digest_of(metadata, sorted));
  write_safetensors(path, metadata, sorted);
}

CheckpointContents read_checkpoint_file(const std::string& path) {
  InputFile file(path, ErrorKind::checkpoint);
  return read_checkpoint_file(file);
}

CheckpointContents read_checkpoint_file(InputFile& source) {
  const std::string& path = source.name();
  SafetensorsFile file = read_safetensors(source);
  check_format(file.metadata, path);
  const std::vector<TensorView> views = views_of(file.tensors);
  check_digest(file.metadata, views, path);
  for (const TensorView& tensor : views) check_values(tensor, path, ErrorKind::checkpoint);

  CheckpointContents contents;
  contents.config = take(file.metadata, "config", path);
  contents.state = take(file.metadata, "state", path);
  contents.digest = take(file.metadata, "digest", path);
  for (const char* key : {"format", "format_version"}) file.metadata.erase(key);
  contents.extra_metadata = std::move(file.metadata);
  contents.tensors = std::move(file.tensors);
  return contents;
}

}  // namespace bnn
