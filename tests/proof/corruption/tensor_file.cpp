#include "tensor_file.h"

#include <array>
#include <bit>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <zlib.h>

#include "bnn/core/error.h"
#include "bnn/files/safetensors.h"

namespace bnn::proof {
namespace {

constexpr std::size_t kLength = 8;

std::string number_bytes(std::uint64_t number) {
  const auto bytes = std::bit_cast<std::array<char, kLength>>(number);
  return {bytes.begin(), bytes.end()};
}

std::string length_and(std::string_view text) { return number_bytes(text.size()).append(text); }

std::string digest_of(const SafetensorsFile& file) {
  std::string said = number_bytes(file.tensors.size());
  for (const Tensor& tensor : file.tensors) {
    said += length_and(tensor.name) + number_bytes(tensor.shape.size());
    for (const std::int64_t side : tensor.shape) {
      said += number_bytes(static_cast<std::uint64_t>(side));
    }
    said += length_and({reinterpret_cast<const char*>(tensor.values.data()),
                        tensor.values.size() * sizeof(float)});
  }
  said += number_bytes(file.metadata.size() - file.metadata.count("digest"));
  for (const auto& [key, value] : file.metadata) {
    if (key != "digest") said += length_and(key) + length_and(value);
  }
  const uLong crc =
      crc32(0, reinterpret_cast<const Bytef*>(said.data()), static_cast<uInt>(said.size()));
  std::array<char, 9> digits{};
  std::snprintf(digits.data(), digits.size(), "%08lx", crc);
  return digits.data();
}

}  // namespace

TensorFile parse_tensor_file(std::string_view bytes) {
  std::array<char, kLength> first{};
  bytes.copy(first.data(), kLength);
  const auto length = static_cast<std::size_t>(std::bit_cast<std::uint64_t>(first));
  return {parse_tree(bytes.substr(kLength, length)), std::string(bytes.substr(kLength + length))};
}

std::string bytes_of(const TensorFile& file) {
  std::string header = text_of(file.header);
  header.resize((header.size() + kLength - 1) / kLength * kLength, ' ');
  return length_and(header) + file.data;
}

std::string sealed(std::string bytes) {
  constexpr std::string_view kDigest = "\"digest\":\"crc32:";
  const std::size_t at = bytes.find(kDigest);
  if (at == std::string::npos) return bytes;
  try {
    InputFile file(std::as_bytes(std::span(bytes)), "mutant", ErrorKind::checkpoint);
    const std::string digest = digest_of(read_safetensors(file));
    bytes.replace(at + kDigest.size(), digest.size(), digest);
  } catch (const Error&) {
    // No reader comes as far as the digest.
  }
  return bytes;
}

std::string read_bytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error(path + ": cannot be read");
  return {std::istreambuf_iterator<char>(file), {}};
}

void write_bytes(const std::string& path, std::string_view bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (!file.flush()) throw std::runtime_error(path + ": cannot be written");
}

}  // namespace bnn::proof
