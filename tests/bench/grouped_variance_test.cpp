#include "bench/grouped_variance.h"

#include <vector>

#include <catch2/catch.hpp>

#include "bnn/core/random.h"

namespace bnn {
namespace {

constexpr std::size_t kRows = 4, kCoordinates = 50;

// One group of normal numbers, of variance 1 in the first half of the coordinates and 9 in the
// second, around means that grow with the coordinate.
double group_value(std::uint32_t group) {
  std::vector<std::vector<float>> values(kRows, std::vector<float>(kCoordinates));
  std::vector<std::span<const float>> rows;
  for (std::size_t i = 0; i < kRows; ++i) {
    const auto row = static_cast<std::uint32_t>(i);
    fill_normal({7, Site::weight_noise, 0, group, row}, 0, values[i]);
    for (std::size_t k = 0; k < kCoordinates; ++k) {
      values[i][k] = static_cast<float>(k) + (k < kCoordinates / 2 ? 1.0f : 3.0f) * values[i][k];
    }
    rows.push_back(values[i]);
  }
  return mean_variance(rows);
}

TEST_CASE("the variance of two rows is half the square of their difference") {
  const std::vector<float> a = {1.0f, 5.0f}, b = {4.0f, 5.0f};
  const std::vector<std::span<const float>> rows = {a, b};
  CHECK(mean_variance(rows) == Approx(0.5 * (4.5 + 0.0)));
}

TEST_CASE("groups of a known distribution give its variance, with an error that is true") {
  constexpr std::uint32_t kGroups = 2000;
  std::vector<double> values;
  for (std::uint32_t group = 0; group < kGroups; ++group) values.push_back(group_value(group));
  const Estimate estimate = mean_estimate(values);
  // A group's value: the mean of 50 variances s²χ²(3)/3, each of variance 2 s⁴/3.
  const double deviation = std::sqrt(2.0 / 3.0 * (1.0 + 81.0) / 2.0 / kCoordinates);
  CHECK(estimate.standard_error == Approx(deviation / std::sqrt(kGroups)).epsilon(0.1));
  CHECK(std::fabs(estimate.value - 5.0) < 4.0 * estimate.standard_error);
}

TEST_CASE("one value alone has no error bar") {
  const std::vector<double> values = {2.0};
  CHECK(mean_estimate(values).value == 2.0);
  CHECK(mean_estimate(values).standard_error == 0.0);
}

TEST_CASE("the slope of a power law is its exponent") {
  std::vector<Measured> points;
  for (const double x : {1.0, 3.0, 10.0}) points.push_back({x, {5.0 / x, 0.5 / x}});
  CHECK(log_log_slope(points).value == Approx(-1.0));
  // Equal weights of 100: the error is 1 / (10 times the root of the sum of squares of ln x).
  const double a = std::log(3.0), b = std::log(10.0), mean = (a + b) / 3.0;
  const double squares = mean * mean + (a - mean) * (a - mean) + (b - mean) * (b - mean);
  CHECK(log_log_slope(points).standard_error == Approx(0.1 / std::sqrt(squares)));
}

TEST_CASE("a point with a large error hardly moves the slope") {
  const std::vector<Measured> points = {
      {1.0, {1.0, 0.001}}, {10.0, {0.1, 0.0001}}, {100.0, {0.5, 5.0}}};
  CHECK(log_log_slope(points).value == Approx(-1.0).epsilon(0.01));
}

}  // namespace
}  // namespace bnn
