#include "bnn/data/mixup.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include <catch2/catch.hpp>

namespace bnn {
namespace {

constexpr std::size_t kDraws = 20000;

Stream share_stream(std::uint32_t step) {
  return {.seed = 8, .site = Site::augmentation, .index = 5, .step = step, .example = 77};
}

std::vector<double> beta_draws(double alpha) {
  std::vector<double> draws;
  for (std::uint32_t step = 0; step < kDraws; ++step) {
    draws.push_back(symmetric_beta(share_stream(step), alpha));
  }
  return draws;
}

// The largest distance of the draws' distribution from `cdf`.
template <typename Cdf>
double kolmogorov_distance(std::vector<double> draws, const Cdf& cdf) {
  std::sort(draws.begin(), draws.end());
  double distance = 0;
  const auto count = static_cast<double>(draws.size());
  for (std::size_t i = 0; i < draws.size(); ++i) {
    const double value = cdf(draws[i]), before = static_cast<double>(i) / count;
    distance = std::max({distance, std::abs(value - before), std::abs(value - before - 1 / count)});
  }
  return distance;
}

TEST_CASE("draws have the moments of a symmetric beta distribution") {
  for (const double alpha : {0.05, 0.2, 0.4, 1.0, 3.0, 8.0, 100.0}) {
    double mean = 0, second = 0, fourth = 0;
    for (const double draw : beta_draws(alpha)) {
      CHECK((draw >= 0 && draw <= 1));
      const double square = (draw - 0.5) * (draw - 0.5);
      mean += draw / kDraws;
      second += square / kDraws;
      fourth += square * square / kDraws;
    }
    const double variance = 1 / (4 * (2 * alpha + 1));
    const double kurtosis = 3 - 6 / (2 * alpha + 3);
    CAPTURE(alpha);
    CHECK(mean == Approx(0.5).margin(4 * std::sqrt(variance / kDraws)));
    CHECK(second == Approx(variance).epsilon(4 * std::sqrt((kurtosis - 1) / kDraws) + 1e-9));
    CHECK(fourth == Approx(kurtosis * variance * variance).epsilon(0.1));
  }
}

TEST_CASE("draws have the distribution function, where it is known in closed form") {
  const double allowed = 1.8 / std::sqrt(kDraws);  // exceeded by one sample in 300
  CHECK(kolmogorov_distance(beta_draws(0.5), [](double x) {
          return 2 / std::numbers::pi * std::asin(std::sqrt(x));
        }) < allowed);
  CHECK(kolmogorov_distance(beta_draws(1.0), [](double x) { return x; }) < allowed);
  CHECK(kolmogorov_distance(beta_draws(2.0), [](double x) { return x * x * (3 - 2 * x); }) <
        allowed);
  // The test can fail.
  CHECK(kolmogorov_distance(beta_draws(0.9), [](double x) { return x; }) > allowed);
}

TEST_CASE("an example keeps the larger share, a function of the stream's name") {
  for (std::uint32_t step = 0; step < 1000; ++step) {
    const double draw = symmetric_beta(share_stream(step), 0.3);
    const float share = mixture_share(share_stream(step), 0.3);
    CHECK(share == static_cast<float>(std::max(draw, 1 - draw)));
    CHECK((share >= 0.5f && share <= 1.0f));
  }
  // Shares of a tiny alpha are all or nothing, and still numbers.
  CHECK(mixture_share(share_stream(1), 1e-6) == 1.0f);
}

}  // namespace
}  // namespace bnn
