#pragma once
// The JSON header of a safetensors file, as text and as numbers that have been checked.
//
// The parser works on the stream of JSON tokens and never builds a document: its time and memory
// are linear in the text, and what does not belong into a header is refused where it appears.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace bnn {

/// Where one tensor lies: bytes [begin, end) of the data that follow the header.
struct SafetensorsEntry {
  std::string name;
  std::string dtype;
  std::vector<std::int64_t> shape;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

/// What a file may hold: float32 alone, as ours do, or numbers of every type (number_types.h).
enum class TensorNumbers { float32, any };

struct SafetensorsHeader {
  std::map<std::string, std::string> metadata;
  std::vector<SafetensorsEntry> entries;  // in the order of their data, which they tile exactly
};

/// Parses and checks a header.
/// @param data_size number of bytes behind the header.
/// @param source names the file in messages, which are Error(checkpoint).
SafetensorsHeader parse_safetensors_header(std::string_view text, std::uint64_t data_size,
                                           const std::string& source,
                                           TensorNumbers numbers = TensorNumbers::float32);

}  // namespace bnn
