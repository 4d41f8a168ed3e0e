#include "bnn/data/standardize.h"

#include <cmath>

#include <catch2/catch.hpp>

#include "bnn/core/error.h"

namespace bnn {
namespace {

using Indices = std::vector<std::uint32_t>;

// Three images of two pixels and two channels.
Dataset small_dataset() {
  return Dataset({1, 2, 2}, 10, {{0, 10, 51, 10, 102, 10, 153, 10, 255, 200, 255, 0}}, {{"a", 3}});
}

TEST_CASE("mean and standard deviation are measured per channel over the examples in use") {
  ThreadPool pool(1);
  const Dataset data = small_dataset();
  const Indices two = {0, 1};
  const Standardization measured = measure_standardization(data, two, pool);
  // Channel 0 holds 0, 0.2, 0.4, 0.6: mean 0.3, variance (0.09 + 0.01 + 0.01 + 0.09) / 4.
  REQUIRE(measured.mean.size() == 2);
  CHECK(measured.mean[0] == Approx(0.3).epsilon(1e-14));
  CHECK(measured.std[0] == Approx(std::sqrt(0.05)).epsilon(1e-14));
  // Channel 1 is constant.
  CHECK(measured.mean[1] == Approx(10.0 / 255).epsilon(1e-14));
  CHECK(measured.std[1] == 1.0);
}

TEST_CASE("measured numbers do not depend on the order of the examples") {
  ThreadPool pool(1);
  const Dataset data = small_dataset();
  const Indices forward = {0, 1, 2}, backward = {2, 1, 0};
  CHECK(measure_standardization(data, forward, pool).mean ==
        measure_standardization(data, backward, pool).mean);
  CHECK(measure_standardization(data, forward, pool).std ==
        measure_standardization(data, backward, pool).std);
}

TEST_CASE("measured numbers do not depend on the number of threads") {
  const Dataset data = small_dataset();
  const Indices all = {0, 1, 2, 2, 1};
  ThreadPool alone(1), few(3), many(8);  // more than there are examples
  const Standardization expected = measure_standardization(data, all, alone);
  for (ThreadPool* pool : {&few, &many}) {
    const Standardization measured = measure_standardization(data, all, *pool);
    CHECK(measured.mean == expected.mean);
    CHECK(measured.std == expected.std);
  }
}

TEST_CASE("one odd pixel among many is measured without cancellation") {
  ThreadPool pool(1);
  RawImages image{ByteArray(1000 * 1000, 255)};
  image.pixels[17] = 254;
  const Dataset data({1000, 1000, 1}, 10, std::move(image), {{"a", 1}});
  const Indices only = {0};
  // With p = 1e-6 the variance of the bytes is p (1 - p).
  const double expected = std::sqrt(1e-6 * (1 - 1e-6)) / 255;
  CHECK(measure_standardization(data, only, pool).std[0] == Approx(expected).epsilon(1e-9));
}

TEST_CASE("the config decides whether numbers are measured, given or trivial") {
  ThreadPool pool(1);
  const Dataset data = small_dataset();
  const Indices two = {0, 1};
  DataConfig config;
  CHECK(resolve_standardization(config, data, two, pool).mean ==
        measure_standardization(data, two, pool).mean);
  config.standardize = StandardizeMode::none;
  CHECK(resolve_standardization(config, data, two, pool).mean == std::vector<double>{0, 0});
  CHECK(resolve_standardization(config, data, two, pool).std == std::vector<double>{1, 1});
  config.standardize = StandardizeMode::given;
  config.standardization = {{0.5, 0.25}, {2, 3}};
  CHECK(resolve_standardization(config, data, two, pool).mean == std::vector<double>{0.5, 0.25});
  CHECK(resolve_standardization(config, data, two, pool).std == std::vector<double>{2, 3});
  config.standardization = {{0.5}, {2}};
  CHECK_THROWS_WITH(resolve_standardization(config, data, two, pool),
                    Catch::Matchers::Contains("/data/standardize") &&
                        Catch::Matchers::Contains("2 channels") &&
                        Catch::Matchers::Contains("found 1"));
}

}  // namespace
}  // namespace bnn
