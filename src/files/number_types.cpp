#include "bnn/files/number_types.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

namespace bnn {
namespace {

// From safetensors' list of types.
constexpr std::pair<std::string_view, std::size_t> kNumberSizes[] = {
    {"F64", 8}, {"F32", 4}, {"F16", 2},     {"BF16", 2},    {"I64", 8},
    {"I32", 4}, {"I16", 2}, {"I8", 1},      {"U64", 8},     {"U32", 4},
    {"U16", 2}, {"U8", 1},  {"F8_E4M3", 1}, {"F8_E5M2", 1}, {"BOOL", 1}};

template <typename Number, typename Convert>
std::vector<float> converted(std::span<const std::byte> bytes, const Convert& convert) {
  std::vector<float> values(bytes.size() / sizeof(Number));
  for (std::size_t i = 0; i < values.size(); ++i) {
    Number number;
    std::memcpy(&number, bytes.data() + i * sizeof(Number), sizeof(Number));
    values[i] = convert(number);
  }
  return values;
}

}  // namespace

std::optional<std::size_t> number_size(std::string_view type) {
  for (const auto& [name, size] : kNumberSizes) {
    if (name == type) return size;
  }
  return std::nullopt;
}

bool is_float_type(std::string_view type) {
  return type == "F32" || type == "F16" || type == "BF16" || type == "F64";
}

float from_float16(std::uint16_t bits) {
  const int exponent = (bits >> 10) & 0x1F, fraction = bits & 0x3FF;
  float magnitude = 0.0f;
  if (exponent == 0x1F) {
    magnitude = fraction == 0 ? std::numeric_limits<float>::infinity()
                              : std::numeric_limits<float>::quiet_NaN();
  } else if (exponent == 0) {
    magnitude = std::ldexp(static_cast<float>(fraction), -24);
  } else {
    magnitude = std::ldexp(static_cast<float>(fraction + 0x400), exponent - 25);
  }
  return (bits & 0x8000) != 0 ? -magnitude : magnitude;
}

float from_bfloat16(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

std::vector<float> as_floats(std::string_view type, std::span<const std::byte> bytes) {
  if (type == "F16") return converted<std::uint16_t>(bytes, from_float16);
  if (type == "BF16") return converted<std::uint16_t>(bytes, from_bfloat16);
  if (type == "F64") {
    return converted<double>(bytes, [](double x) { return static_cast<float>(x); });
  }
  return converted<float>(bytes, [](float x) { return x; });
}

}  // namespace bnn
