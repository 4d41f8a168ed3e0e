#include "bnn/math/initializer.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include <catch2/catch.hpp>

using namespace bnn;

namespace {

using Kind = Initializer::Kind;
using Dimensions = std::vector<std::int64_t>;

// The standard deviation that a normal of unit variance keeps when it is cut at two of them:
// 1 - 4 phi(2) / (2 Phi(2) - 1), under the root.
const double kRootTwo = std::sqrt(2.0);
const double kCut =
    std::sqrt(1 - 4 * std::exp(-2.0) / std::sqrt(2 * std::numbers::pi) / std::erf(kRootTwo));

std::vector<float> draw(const Initializer& initializer, const Dimensions& shape,
                        std::uint64_t seed = 1) {
  std::int64_t size = 1;
  for (std::int64_t dimension : shape) size *= dimension;
  std::vector<float> values(static_cast<std::size_t>(size), -99.0f);
  initialize(initializer, shape, {.seed = seed, .index = 2}, values);
  return values;
}

// z-scores of the first two moments. The fourth moment of none of these distributions is above a
// normal's, so 2 sigma^4 / n bounds the variance of the second.
void check_moments(const std::vector<float>& values, double mean, double stddev) {
  const auto n = static_cast<double>(values.size());
  double sum = 0, squares = 0;
  for (float value : values) {
    sum += value - mean;
    squares += (value - mean) * (value - mean);
  }
  CHECK(std::fabs(sum / n) < 5 * stddev / std::sqrt(n));
  CHECK(std::fabs(squares / n / (stddev * stddev) - 1) < 5 * std::sqrt(2 / n));
}

void check_bounds(const std::vector<float>& values, double low, double high) {
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  const double slack = 1e-3 * (high - low);
  CHECK(*least >= low - 1e-6);
  CHECK(*least < low + slack);
  CHECK(*most <= high + 1e-6);
  CHECK(*most > high - slack);
}

// A truncated normal has this share of its mass within one standard deviation of the uncut one:
// (2 Phi(1) - 1) / (2 Phi(2) - 1). Values clipped to the bounds, instead of drawn again, have less.
void check_truncated(const std::vector<float>& values, double mean, double uncut) {
  check_bounds(values, mean - 2 * uncut, mean + 2 * uncut);
  check_moments(values, mean, uncut * kCut);
  const auto n = static_cast<double>(values.size());
  const auto inside = std::count_if(values.begin(), values.end(),
                                    [&](float v) { return std::fabs(v - mean) < uncut; });
  const double share = std::erf(1 / kRootTwo) / std::erf(kRootTwo);
  CHECK(std::fabs(static_cast<double>(inside) / n - share) <
        5 * std::sqrt(share * (1 - share) / n));
}

}  // namespace

TEST_CASE("random_normal has its mean and standard deviation, and tails") {
  const auto values = draw({Kind::random_normal, -3.0, 0.1}, {400, 500});
  check_moments(values, -3.0, 0.1);
  CHECK(*std::max_element(values.begin(), values.end()) > -3.0f + 0.35f);
}

TEST_CASE("truncated_normal is cut at two standard deviations and drawn again, not clipped") {
  check_truncated(draw({Kind::truncated_normal, 0.5, 2.0}, {400, 500}), 0.5, 2.0);
}

TEST_CASE("he_normal has variance 2 / fan_in for convolutions and dense layers") {
  // fan_in is 3 * 3 * 40 = 360 and 250.
  check_truncated(draw({Kind::he_normal}, {3, 3, 40, 500}), 0.0, std::sqrt(2.0 / 360) / kCut);
  check_truncated(draw({Kind::he_normal}, {250, 800}), 0.0, std::sqrt(2.0 / 250) / kCut);
}

TEST_CASE("glorot_normal has variance 2 / (fan_in + fan_out)") {
  // 5 * 3 * 8 in, 5 * 3 * 1000 out; 250 in, 800 out.
  check_truncated(draw({Kind::glorot_normal}, {5, 3, 8, 1000}), 0.0,
                  std::sqrt(2.0 / (120 + 15000)) / kCut);
  check_truncated(draw({Kind::glorot_normal}, {250, 800}), 0.0, std::sqrt(2.0 / 1050) / kCut);
}

TEST_CASE("glorot_uniform fills ± sqrt(6 / (fan_in + fan_out))") {
  // The kernel of the 5 x 5 x 3 x 64 example: 6 / (75 + 1600) under the root.
  const auto kernel = draw({Kind::glorot_uniform}, {5, 5, 3, 64});
  check_bounds(kernel, -0.059850, 0.059850);
  check_moments(kernel, 0.0, 0.059850 / std::sqrt(3.0));
  const auto dense = draw({Kind::glorot_uniform}, {250, 800});
  const double limit = std::sqrt(6.0 / 1050);
  check_bounds(dense, -limit, limit);
  check_moments(dense, 0.0, limit / std::sqrt(3.0));
  // A vector has both fans equal to its length.
  check_bounds(draw({Kind::glorot_uniform}, {10000}), -std::sqrt(3e-4), std::sqrt(3e-4));
}

TEST_CASE("constant gives its value, and zero by default") {
  CHECK(draw({Kind::constant, 0.75}, {3, 2}) == std::vector<float>(6, 0.75f));
  CHECK(draw({}, {5}) == std::vector<float>(5, 0.0f));
}

TEST_CASE("initial values are a function of the stream") {
  for (Kind kind : {Kind::random_normal, Kind::truncated_normal, Kind::he_normal,
                    Kind::glorot_uniform, Kind::glorot_normal}) {
    const Initializer initializer{kind, 0.0, 1.0};
    CHECK(draw(initializer, {20, 30}) == draw(initializer, {20, 30}));
    CHECK(draw(initializer, {20, 30}, 1) != draw(initializer, {20, 30}, 2));
  }
}

TEST_CASE("random_normal takes the elements of its stream in order") {
  std::vector<float> noise(50);
  fill_normal({.seed = 1, .index = 2}, 0, noise);
  const auto values = draw({Kind::random_normal, 1.0, 2.0}, {5, 10});
  for (std::size_t i = 0; i < 50; ++i) CHECK(values[i] == Approx(1.0f + 2.0f * noise[i]));
}
