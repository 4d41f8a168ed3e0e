#include "bnn/files/safetensors.h"

#include <algorithm>
#include <array>
#include <bit>

#include "bnn/core/error.h"
#include "bnn/core/input_file.h"
#include "bnn/core/json_reader.h"
#include "bnn/files/atomic_file.h"
#include "bnn/files/number_types.h"
#include "bnn/files/safetensors_header.h"

namespace bnn {
namespace {

static_assert(std::endian::native == std::endian::little,
              "values are written as they lie in memory");

constexpr std::size_t kLengthBytes = 8;
constexpr std::size_t kHeaderAlignment = 8;
using Length = std::array<std::byte, kLengthBytes>;

bool is_control(unsigned char c) { return c < 0x20 || c == 0x7F; }

// A JSON string. Control characters are refused, newline and tab apart: their escapes have
// hexadecimal letters, of which one flipped bit can go unseen ("\u001b", "\u001B").
std::string encoded(const std::string& text, const std::string& path) {
  const bool plain = std::none_of(text.begin(), text.end(), [](char c) {
    return c != '\n' && c != '\t' && is_control(static_cast<unsigned char>(c));
  });
  try {
    if (plain) return Json(text).dump();
  } catch (const JsonError&) {
    // Falls through to the same sentence.
  }
  throw Error(ErrorKind::internal,
              shown_path(path) + ": cannot write " + json_text(text) + ": not plain UTF-8 text");
}

bool shape_fits_values(const TensorView& tensor) {
  if (tensor.shape.size() > kMaxTensorRank) return false;
  std::size_t count = 1;
  for (const std::int64_t dimension : tensor.shape) {
    if (dimension < 0 ||
        __builtin_mul_overflow(count, static_cast<std::size_t>(dimension), &count)) {
      return false;
    }
  }
  return count == tensor.values.size();
}

void check_tensor(const TensorView& tensor, const std::string& path) {
  const std::string where = shown_path(path) + ": tensor " + json_text(tensor.name) + ": ";
  if (!is_tensor_name(tensor.name)) {
    throw Error(ErrorKind::internal, where + "not a name that a tensor may have");
  }
  if (!shape_fits_values(tensor)) {
    throw Error(ErrorKind::internal, where + "the shape does not fit its " +
                                         std::to_string(tensor.values.size()) + " values");
  }
}

std::vector<TensorView> sorted_by_name(std::span<const TensorView> tensors,
                                       const std::string& path) {
  if (tensors.size() > kMaxSafetensorsTensors) {
    throw Error(ErrorKind::checkpoint, shown_path(path) + ": cannot write: expected at most " +
                                           std::to_string(kMaxSafetensorsTensors) +
                                           " tensors, found " + std::to_string(tensors.size()));
  }
  std::vector<TensorView> sorted(tensors.begin(), tensors.end());
  std::sort(sorted.begin(), sorted.end(),
            [](const TensorView& a, const TensorView& b) { return a.name < b.name; });
  const auto twin =
      std::adjacent_find(sorted.begin(), sorted.end(),
                         [](const TensorView& a, const TensorView& b) { return a.name == b.name; });
  if (twin != sorted.end()) {
    throw Error(ErrorKind::internal,
                shown_path(path) + ": tensor " + json_text(twin->name) + " is there twice");
  }
  return sorted;
}

std::string metadata_text(const std::map<std::string, std::string>& metadata,
                          const std::string& path) {
  if (metadata.size() > kMaxSafetensorsMetadata) {
    throw Error(ErrorKind::internal, shown_path(path) + ": too many metadata entries");
  }
  std::string text = "\"__metadata__\":{";
  for (const auto& [key, value] : metadata) {
    if (text.back() != '{') text += ',';
    text += encoded(key, path) + ":" + encoded(value, path);
  }
  return text + "}";
}

std::string header_text(const std::map<std::string, std::string>& metadata,
                        const std::vector<TensorView>& tensors, const std::string& path) {
  std::string text = "{";
  if (!metadata.empty()) text += metadata_text(metadata, path);
  std::size_t offset = 0;
  for (const TensorView& tensor : tensors) {
    check_tensor(tensor, path);
    if (text.size() > 1) text += ',';
    text += encoded(tensor.name, path) + ":{\"dtype\":\"F32\",\"shape\":[";
    for (std::size_t i = 0; i < tensor.shape.size(); ++i) {
      if (i > 0) text += ',';
      text += std::to_string(tensor.shape[i]);
    }
    text += "],\"data_offsets\":[" + std::to_string(offset) + ",";
    offset += tensor.values.size_bytes();
    text += std::to_string(offset) + "]}";
  }
  text += '}';
  const std::size_t unpadded = kLengthBytes + text.size();
  text.append((kHeaderAlignment - unpadded % kHeaderAlignment) % kHeaderAlignment, ' ');
  return text;
}

void check_header_size(std::uint64_t size, const std::string& source) {
  if (size <= kMaxSafetensorsHeader) return;
  throw Error(ErrorKind::checkpoint, source + ": expected a header of at most " +
                                         std::to_string(kMaxSafetensorsHeader) + " bytes, found " +
                                         std::to_string(size));
}

// The header's text; the file then stands at its first byte of data.
std::string read_header_text(InputFile& file) {
  if (*file.size() < kLengthBytes) {
    throw Error(ErrorKind::checkpoint, file.name() + ": not a safetensors file: only " +
                                           std::to_string(*file.size()) + " bytes long");
  }
  Length length_bytes;
  file.read_exactly(length_bytes);
  const auto length = std::bit_cast<std::uint64_t>(length_bytes);
  if (length > *file.size() - kLengthBytes) {
    throw Error(ErrorKind::checkpoint,
                file.name() + ": truncated or not a safetensors file: a header of " +
                    std::to_string(length) + " bytes does not fit a file of " +
                    std::to_string(*file.size()));
  }
  check_header_size(length, file.name());
  std::string text(static_cast<std::size_t>(length), '\0');
  file.read_exactly(std::as_writable_bytes(std::span(text)));
  return text;
}

// The next numbers of the file as float32; none if they are no floating-point ones. The header's
// checks bound the sum of all sizes by the size of the file.
std::vector<float> read_values(const SafetensorsEntry& entry, InputFile& file) {
  const auto size = static_cast<std::size_t>(entry.end - entry.begin);
  if (entry.dtype == "F32") {
    std::vector<float> values(size / sizeof(float));
    file.read_exactly(std::as_writable_bytes(std::span(values)));
    return values;
  }
  std::vector<std::byte> bytes(size);
  file.read_exactly(bytes);
  return is_float_type(entry.dtype) ? as_floats(entry.dtype, bytes) : std::vector<float>();
}

SafetensorsHeader read_header(InputFile& file, TensorNumbers numbers) {
  const std::string text = read_header_text(file);
  return parse_safetensors_header(text, *file.size() - kLengthBytes - text.size(), file.name(),
                                  numbers);
}

}  // namespace

bool is_tensor_name(const std::string& name) {
  const auto control = [](char c) { return is_control(static_cast<unsigned char>(c)); };
  return !name.empty() && name.size() <= kMaxTensorName && name != "__metadata__" &&
         std::none_of(name.begin(), name.end(), control);
}

void write_safetensors(const std::string& path, const std::map<std::string, std::string>& metadata,
                       std::span<const TensorView> tensors) {
  const std::vector<TensorView> sorted = sorted_by_name(tensors, path);
  const std::string header = header_text(metadata, sorted, path);
  check_header_size(header.size(), shown_path(path));
  const auto length = std::bit_cast<Length>(static_cast<std::uint64_t>(header.size()));
  std::vector<std::span<const std::byte>> parts = {length, std::as_bytes(std::span(header))};
  for (const TensorView& tensor : sorted) parts.push_back(std::as_bytes(tensor.values));
  write_file_atomically(path, parts);
}

SafetensorsFile read_safetensors(const std::string& path) {
  InputFile file(path, ErrorKind::checkpoint);
  return read_safetensors(file);
}

std::map<std::string, std::string> read_safetensors_metadata(const std::string& path) {
  InputFile file(path, ErrorKind::checkpoint);
  return read_header(file, TensorNumbers::any).metadata;
}

SafetensorsFile read_safetensors(InputFile& file, TensorNumbers numbers) {
  SafetensorsHeader header = read_header(file, numbers);
  SafetensorsFile result{std::move(header.metadata), {}, {}};
  result.tensors.reserve(header.entries.size());
  for (SafetensorsEntry& entry : header.entries) {
    std::vector<float> values = read_values(entry, file);
    if (!is_float_type(entry.dtype)) {
      result.without_values.push_back(std::move(entry.name));
      continue;
    }
    result.tensors.push_back({std::move(entry.name), std::move(entry.shape), std::move(values)});
  }
  std::byte beyond;
  if (file.read(std::span(&beyond, 1)) != 0) {
    throw Error(ErrorKind::checkpoint, file.name() + ": grew while it was read");
  }
  std::sort(result.tensors.begin(), result.tensors.end(),
            [](const Tensor& a, const Tensor& b) { return a.name < b.name; });
  return result;
}

}  // namespace bnn
