#pragma once
// Fields of Protocol Buffers messages, as bytes (protobuf.dev, "Encoding"). A message is the
// concatenation of its fields. A field is a key, its number and how its value is written, and the
// value. Thread-safe: no state.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bnn::protobuf {

enum class Wire : unsigned { varint = 0, fixed64 = 1, length = 2, fixed32 = 5 };

std::string varint(std::uint64_t value);
std::string key(unsigned number, Wire wire);

std::string double_field(unsigned number, double value);
std::string float_field(unsigned number, float value);
/// Whole numbers, enumerators and booleans.
std::string varint_field(unsigned number, std::uint64_t value);
/// Text, bytes and messages.
std::string bytes_field(unsigned number, std::string_view bytes);
/// A packed list.
std::string doubles_field(unsigned number, const std::vector<double>& values);
/// The beginning of a bytes_field, which `size` bytes must follow.
std::string bytes_head(unsigned number, std::uint64_t size);

/// The bytes of a number, the lowest first.
template <typename Unsigned>
std::string little_endian(Unsigned value) {
  std::string bytes;
  for (std::size_t i = 0; i < sizeof value; ++i) {
    bytes += static_cast<char>(static_cast<unsigned char>(value >> (8 * i)));
  }
  return bytes;
}

}  // namespace bnn::protobuf
