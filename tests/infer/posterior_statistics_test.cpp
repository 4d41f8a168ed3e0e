#include "bnn/infer/posterior_statistics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include <catch2/catch.hpp>

#include "bnn/core/log_histogram.h"
#include "support/exact_posterior.h"
#include "support/model_fixtures.h"

namespace bnn::testing {
namespace {

LogHistogram histogram_of(const std::vector<double>& values) {
  return log_histogram(values.size(), [&](std::size_t i) { return values[i]; });
}

// Counts every bucket with a loop over all values.
void check_counts(const LogHistogram& h, const std::vector<double>& values) {
  REQUIRE(h.limits.size() == h.counts.size());
  REQUIRE(std::is_sorted(h.limits.begin(), h.limits.end()));
  for (std::size_t b = 0; b < h.limits.size(); ++b) {
    const double below = b == 0 ? -1.0 : h.limits[b - 1];
    const auto expected = std::count_if(values.begin(), values.end(), [&](double v) {
      return std::isfinite(v) && v > below && v <= h.limits[b];
    });
    CHECK(h.counts[b] == static_cast<double>(expected));
  }
  CHECK(std::accumulate(h.counts.begin(), h.counts.end(), 0.0) == h.count);
  CHECK(h.limits.back() >= h.max);
}

}  // namespace

TEST_CASE("the buckets of a histogram are twenty a decade and hold every value once") {
  std::vector<double> values;
  for (int i = 0; i < 2000; ++i) values.push_back(std::pow(10.0, -6.0 + 0.004 * i));
  const LogHistogram h = histogram_of(values);
  CHECK(h.count == 2000);
  CHECK(h.min == values.front());
  CHECK(h.max == values.back());
  CHECK(h.sum == Approx(std::accumulate(values.begin(), values.end(), 0.0)));
  CHECK(h.sum_of_squares ==
        Approx(std::inner_product(values.begin(), values.end(), values.begin(), 0.0)));
  for (std::size_t b = 1; b < h.limits.size(); ++b) {
    CHECK(h.limits[b] / h.limits[b - 1] == Approx(std::pow(10.0, 0.05)).epsilon(1e-12));
  }
  check_counts(h, values);
}

TEST_CASE(
    "zero, single, equal and limiting values have a bucket, and what is not finite has none") {
  const double infinity = std::numeric_limits<double>::infinity();
  const std::vector<std::vector<double>> cases = {{0.0},
                                                  {1.0},
                                                  {0.1, 0.1, 0.1},
                                                  {0.0, 1e-12, 1e-9, 2e-9},
                                                  {1e-300, 1e300},
                                                  {10.0, 100.0},
                                                  {0.5, infinity, std::nan(""), 0.25}};
  for (const std::vector<double>& values : cases) {
    CAPTURE(values);
    check_counts(histogram_of(values), values);
  }
  CHECK(histogram_of({0.0}).limits == std::vector<double>{1e-9});
  CHECK(histogram_of({0.5, infinity, std::nan(""), 0.25}).count == 2);
  CHECK(histogram_of({}).limits.empty());
  CHECK(histogram_of({std::nan("")}).count == 0);
}

TEST_CASE("each random tensor has a histogram of its scales and of |mean| / scale") {
  const Graph graph = make_graph(R"({"input": {"height": 2, "width": 3, "channels": 1}, "layers": [
      {"type": "flatten"},
      {"type": "dense_flipout", "name": "hidden", "units": 4,
       "bias_posterior_fn": {"is_singular": false}},
      {"type": "dense", "name": "plain", "units": 4},
      {"type": "dense_flipout", "name": "logits", "units": 3}]})");
  AlignedArray parameters(graph.layout().size());
  initialize_parameters(graph.layout(), 3, parameters);
  const auto list = posterior_histograms(graph.layout(), parameters);
  REQUIRE(list.size() == 3);
  CHECK(list[0].tensor == "hidden/kernel");
  CHECK(list[1].tensor == "hidden/bias");
  CHECK(list[2].tensor == "logits/kernel");
  for (const PosteriorHistograms& one : list) {
    const auto values = [&](const std::string& name) {
      const Slice slice = graph.layout().find(one.tensor + name)->slice;
      return parameters.span().subspan(slice.offset, slice.size);
    };
    const auto mu = values("_posterior_loc"), u = values("_posterior_untransformed_scale");
    double scales = 0, ratios = 0, largest = 0;
    for (std::size_t i = 0; i < mu.size(); ++i) {
      const double sigma = exact_sigma(static_cast<double>(u[i]));
      scales += sigma;
      ratios += std::fabs(static_cast<double>(mu[i])) / sigma;
      largest = std::max(largest, sigma);
    }
    CHECK(one.scale.count == static_cast<double>(mu.size()));
    CHECK(one.scale.sum == Approx(scales).epsilon(1e-5));
    CHECK(one.scale.max == Approx(largest).epsilon(1e-5));
    CHECK(one.signal_to_noise.sum == Approx(ratios).epsilon(1e-5));
  }
}

}  // namespace bnn::testing
