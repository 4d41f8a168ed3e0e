#include "bnn/files/protobuf.h"

#include <bit>

namespace bnn::protobuf {

std::string varint(std::uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes += static_cast<char>((value & 0x7F) | 0x80);
  return bytes + static_cast<char>(value);
}

std::string key(unsigned number, Wire wire) {
  return varint(number << 3 | static_cast<unsigned>(wire));
}

std::string double_field(unsigned number, double value) {
  return key(number, Wire::fixed64) + little_endian(std::bit_cast<std::uint64_t>(value));
}

std::string float_field(unsigned number, float value) {
  return key(number, Wire::fixed32) + little_endian(std::bit_cast<std::uint32_t>(value));
}

std::string varint_field(unsigned number, std::uint64_t value) {
  return key(number, Wire::varint) + varint(value);
}

std::string bytes_head(unsigned number, std::uint64_t size) {
  return key(number, Wire::length) + varint(size);
}

std::string bytes_field(unsigned number, std::string_view bytes) {
  return bytes_head(number, bytes.size()).append(bytes);
}

std::string doubles_field(unsigned number, const std::vector<double>& values) {
  std::string packed;
  for (const double value : values) packed += little_endian(std::bit_cast<std::uint64_t>(value));
  return bytes_field(number, packed);
}

}  // namespace bnn::protobuf
