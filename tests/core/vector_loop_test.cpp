// Loops for vector instructions: at every level that the processor has, their numbers are those of
// one element at a time, bit for bit.

#include "bnn/core/vector_loop.h"

#include <bit>
#include <cstdint>
#include <span>
#include <vector>

#include <catch2/catch.hpp>

#include "bnn/core/elementary.h"
#include "bnn/core/random.h"

using namespace bnn;

namespace {

// Not a whole number of vectors.
constexpr std::size_t kSize = 1003;

template <MultiplyAdd kind>
float some_function(float x) {
  const SineCosine point = sine_cosine<kind>(sigmoid<kind>(x));
  const float sum = multiply_add<kind>(point.sine, x, point.cosine);
  return fast_log<kind>(softplus<kind>(x)) + sum * fast_exp<kind>(x);
}

std::vector<std::uint32_t> bits_of(std::span<const float> values) {
  std::vector<std::uint32_t> bits;
  for (const float value : values) bits.push_back(std::bit_cast<std::uint32_t>(value));
  return bits;
}

std::vector<float> arguments() {
  std::vector<float> x(kSize);
  fill_normal({.seed = 1}, 0, x);
  for (float& value : x) value *= 5.0f;
  return x;
}

bool is_fused(VectorLevel level) {
  return run_at(level, []<MultiplyAdd kind>() { return kind == MultiplyAdd::fused; });
}

// Whatever the compiler makes of this loop, a volatile number keeps it at one element at a time.
template <MultiplyAdd kind>
std::vector<float> one_by_one(const std::vector<float>& x) {
  std::vector<float> y(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    volatile float argument = x[i];
    y[i] = some_function<kind>(argument);
  }
  return y;
}

}  // namespace

TEST_CASE("a loop gives the same bits at every level of vector instructions") {
  const std::vector<float> x = arguments();
  for (const VectorLevel level : {VectorLevel::baseline, VectorLevel::avx2, VectorLevel::avx512}) {
    if (!has_vector_level(level)) continue;
    CAPTURE(static_cast<int>(level));
    if (level != VectorLevel::baseline) CHECK(is_fused(level));
    std::vector<float> y(kSize);
    const std::span<float> to = y;
    const std::span<const float> from = x;
    run_at(level, [=]<MultiplyAdd kind>() {
      for (std::size_t i = 0; i < to.size(); ++i) to[i] = some_function<kind>(from[i]);
    });
    const auto expected =
        is_fused(level) ? one_by_one<MultiplyAdd::fused>(x) : one_by_one<MultiplyAdd::separate>(x);
    CHECK(bits_of(y) == bits_of(expected));
  }
}

TEST_CASE("multiply_add rounds once if it is fused, and twice if not") {
  const float a = 1.0f + 0x1p-12f, c = -(1.0f + 0x1p-11f);
  CHECK(multiply_add<MultiplyAdd::fused>(a, a, c) == 0x1p-24f);
  CHECK(multiply_add<MultiplyAdd::separate>(a, a, c) == 0.0f);
}

TEST_CASE("the highest level of vector instructions is one that the processor has") {
  const VectorLevel highest = highest_vector_level();
  CHECK(has_vector_level(highest));
  CHECK(has_vector_level(VectorLevel::baseline));
  CHECK(has_vector_level(VectorLevel::avx512) == (highest == VectorLevel::avx512));
  CHECK((has_vector_level(VectorLevel::avx2) || highest == VectorLevel::baseline));
}
