#include "bnn/files/number_types.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <string>

#include <catch2/catch.hpp>

using namespace bnn;

namespace {

// IEEE 754 binary16 in double, from its definition.
double half_of(unsigned bits) {
  const double sign = (bits >> 15) != 0 ? -1 : 1;
  const unsigned exponent = bits >> 10 & 31u;
  const double fraction = (bits & 1023u) / 1024.0;
  if (exponent == 0) return sign * std::pow(2.0, -14) * fraction;
  return sign * std::pow(2.0, static_cast<int>(exponent) - 15) * (1 + fraction);
}

template <typename Number>
std::vector<float> floats_of(const std::string& type, const std::vector<Number>& numbers) {
  return as_floats(type, std::as_bytes(std::span(numbers)));
}

}  // namespace

TEST_CASE("every float16 widens to the number that it is") {
  for (unsigned bits = 0; bits < 0x10000u; ++bits) {
    const float value = from_float16(static_cast<std::uint16_t>(bits));
    if ((bits >> 10 & 31u) == 31u) {
      const bool is_good = (bits & 1023u) != 0 ? std::isnan(value) : std::isinf(value);
      if (!is_good) FAIL(bits);
    } else if (static_cast<double>(value) != half_of(bits)) {
      FAIL(bits);
    }
    if (std::signbit(value) != (bits > 0x7FFFu) && !std::isnan(value)) FAIL(bits);
  }
  CHECK(from_float16(0x3C01) == 1.0009765625f);
  CHECK(from_float16(0x0001) == 0x1p-24f);
}

TEST_CASE("bfloat16 is the upper half of a float32") {
  CHECK(from_bfloat16(0x3F80) == 1.0f);
  CHECK(from_bfloat16(0xC049) == -3.140625f);
  CHECK(std::isinf(from_bfloat16(0x7F80)));
}

TEST_CASE("numbers of each float type become float32") {
  CHECK(floats_of<float>("F32", {1.5f, -2.0f}) == std::vector<float>{1.5f, -2.0f});
  CHECK(floats_of<double>("F64", {0.1, 3.0}) == std::vector<float>{0.1f, 3.0f});
  CHECK(floats_of<std::uint16_t>("F16", {0x3E00, 0xC000}) == std::vector<float>{1.5f, -2.0f});
  CHECK(floats_of<std::uint16_t>("BF16", {0x3FC0, 0xC000}) == std::vector<float>{1.5f, -2.0f});
  CHECK((is_float_type("BF16") && !is_float_type("I64") && !is_float_type("F8_E5M2")));
  CHECK(number_size("I64") == 8u);
  CHECK(number_size("BOOL") == 1u);
  CHECK_FALSE(number_size("F31"));
}
