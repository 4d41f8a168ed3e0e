#pragma once
// The types of numbers in files of other programs, and floating-point ones as float32.
//
// float16 has 1 sign, 5 exponent and 10 fraction bits (IEEE 754 binary16), bfloat16 the upper half
// of a float32. Both widen exactly; float64 is rounded. Thread-safe: no state.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace bnn {

/// Bytes of one number by the name that safetensors gives its type ("F32", "BF16", "I64"); none if
/// the name is unknown.
std::optional<std::size_t> number_size(std::string_view type);

/// True for "F32", "F16", "BF16" and "F64".
bool is_float_type(std::string_view type);

/// Numbers of a float type, little-endian, as float32.
std::vector<float> as_floats(std::string_view type, std::span<const std::byte> bytes);

float from_float16(std::uint16_t bits);
float from_bfloat16(std::uint16_t bits);

}  // namespace bnn
