#pragma once
// Elementary functions of one float, written without branches so that the compiler turns loops over
// them into vector code. Errors stay within a few units in the last place on the stated ranges; the
// tests compare them with the double functions of the standard library. Series are plain Taylor or
// atanh expansions on a reduced range, cut where the first omitted term drops below 2^-25. Loops of
// vector_loop.h over the weights hand on how they multiply and add. By default both are separate,
// whose bits are the same on every processor.

#include <bit>
#include <cmath>
#include <cstdint>

#include "bnn/core/vector_loop.h"

namespace bnn {

/// e^x. Arguments are clamped to [-87, 88], so the result is positive, normal and finite, or NaN.
template <MultiplyAdd kind = MultiplyAdd::separate>
inline float fast_exp(float x) {
  constexpr float kLog2E = 1.44269504f, kLn2High = 0.693359375f, kLn2Low = -2.12194440e-4f;
  constexpr float kRounder = 12582912.0f;  // 1.5 * 2^23: adding it rounds to an integer
  x = x < -87.0f ? -87.0f : x;
  x = x > 88.0f ? 88.0f : x;
  const float rounded = multiply_add<kind>(x, kLog2E, kRounder);  // its last bits are n
  const float n = rounded - kRounder;
  const float r =
      multiply_add<kind>(-n, kLn2Low, multiply_add<kind>(-n, kLn2High, x));  // |r| <= ln(2) / 2
  float series = 1.0f / 5040.0f;
  series = multiply_add<kind>(series, r, 1.0f / 720.0f);
  series = multiply_add<kind>(series, r, 1.0f / 120.0f);
  series = multiply_add<kind>(series, r, 1.0f / 24.0f);
  series = multiply_add<kind>(series, r, 1.0f / 6.0f);
  series = multiply_add<kind>(series, r, 0.5f);
  series = multiply_add<kind>(series, r, 1.0f);
  series = multiply_add<kind>(series, r, 1.0f);
  const std::uint32_t exponent = (std::bit_cast<std::uint32_t>(rounded) + 127) << 23;
  return series * std::bit_cast<float>(exponent);
}

/// 2 atanh(z) for |z| <= 1/3; log(1 + t) is two_atanh(t / (2 + t)).
template <MultiplyAdd kind = MultiplyAdd::separate>
inline float two_atanh(float z) {
  const float square = z * z;
  float series = 1.0f / 15.0f;
  series = multiply_add<kind>(series, square, 1.0f / 13.0f);
  series = multiply_add<kind>(series, square, 1.0f / 11.0f);
  series = multiply_add<kind>(series, square, 1.0f / 9.0f);
  series = multiply_add<kind>(series, square, 1.0f / 7.0f);
  series = multiply_add<kind>(series, square, 1.0f / 5.0f);
  series = multiply_add<kind>(series, square, 1.0f / 3.0f);
  return multiply_add<kind>(2.0f * z * square, series, 2.0f * z);
}

/// ln(x) for positive, normal, finite x.
template <MultiplyAdd kind = MultiplyAdd::separate>
inline float fast_log(float x) {
  constexpr float kLn2High = 0.693359375f, kLn2Low = -2.12194440e-4f;
  constexpr std::int32_t kSqrtHalf = 0x3f3504f3;  // the bits of sqrt(1/2)
  const auto bits = std::bit_cast<std::int32_t>(x);
  const std::int32_t exponent = (bits - kSqrtHalf) >> 23;
  const auto mantissa =
      std::bit_cast<float>(bits - exponent * (1 << 23));  // in [sqrt(1/2), sqrt(2))
  const auto n = static_cast<float>(exponent);
  const float log_mantissa = two_atanh<kind>((mantissa - 1.0f) / (mantissa + 1.0f));
  return multiply_add<kind>(n, kLn2High, multiply_add<kind>(n, kLn2Low, log_mantissa));
}

/// ln(1 + e^x), accurate relative to its value for every x (it tends to e^x and to x).
template <MultiplyAdd kind = MultiplyAdd::separate>
inline float softplus(float x) {
  const float t = fast_exp<kind>(-std::fabs(x));
  return (x > 0.0f ? x : 0.0f) + two_atanh<kind>(t / (2.0f + t));
}

/// 1 / (1 + e^-x), accurate relative to its value.
template <MultiplyAdd kind = MultiplyAdd::separate>
inline float sigmoid(float x) {
  const float t = fast_exp<kind>(-std::fabs(x));
  return (x >= 0.0f ? 1.0f : t) / (1.0f + t);
}

struct SineCosine {
  float sine, cosine;
};

/// Sine and cosine of 2 pi turns, for turns in [0, 1].
template <MultiplyAdd kind = MultiplyAdd::separate>
inline SineCosine sine_cosine(float turns) {
  constexpr float kHalfPi = 1.57079633f, kRounder = 12582912.0f;
  const float quadrant = (turns * 4.0f + kRounder) - kRounder;  // the product is exact
  const float x = (turns * 4.0f - quadrant) * kHalfPi;          // |x| <= pi / 4
  const float square = x * x;
  float sine = 1.0f / 362880.0f;
  sine = multiply_add<kind>(sine, square, -1.0f / 5040.0f);
  sine = multiply_add<kind>(sine, square, 1.0f / 120.0f);
  sine = multiply_add<kind>(sine, square, -1.0f / 6.0f);
  sine = multiply_add<kind>(sine * square, x, x);
  float cosine = -1.0f / 3628800.0f;
  cosine = multiply_add<kind>(cosine, square, 1.0f / 40320.0f);
  cosine = multiply_add<kind>(cosine, square, -1.0f / 720.0f);
  cosine = multiply_add<kind>(cosine, square, 1.0f / 24.0f);
  cosine = multiply_add<kind>(cosine, square, -0.5f);
  cosine = multiply_add<kind>(cosine, square, 1.0f);
  // A quarter turn maps (sine, cosine) to (cosine, -sine).
  const auto q = static_cast<std::int32_t>(quadrant);
  const float s = (q & 1) != 0 ? cosine : sine;
  const float c = (q & 1) != 0 ? sine : cosine;
  return {(q & 2) != 0 ? -s : s, ((q + 1) & 2) != 0 ? -c : c};
}

}  // namespace bnn
