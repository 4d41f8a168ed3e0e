// Dropout over many masks, and where the masks come from.

#include "bnn/layers/dropout.h"

#include <algorithm>
#include <cmath>

#include <catch2/catch.hpp>

#include "support/execution_fixture.h"
#include "support/layer_fixture.h"

using namespace bnn;
using namespace bnn::testing;

namespace {

MadeLayer make_dropout(const std::string& rate, const Shape& shape, const std::string& more = "") {
  return make_layer_from(R"({"type": "dropout", "rate": )" + rate + more + "}", {shape});
}

// Which numbers of one pass over ones are kept.
std::vector<bool> mask_of(LayerRun& run) {
  run.inputs[0].assign(run.inputs[0].size(), 1.0f);
  std::vector<bool> mask;
  for (const float y : run.forward()) mask.push_back(y != 0.0f);
  return mask;
}

std::size_t differences_of(const std::vector<bool>& a, const std::vector<bool>& b) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < a.size(); ++i) count += a[i] != b[i] ? 1u : 0u;
  return count;
}

}  // namespace

TEST_CASE("dropout keeps numbers with probability 1 - rate, and their mean") {
  for (const double rate : {0.1, 0.5, 0.8}) {
    const MadeLayer made = make_dropout(std::to_string(rate), {10, 10, 10});
    LayerRun run(made, 100);
    run.inputs[0].assign(run.inputs[0].size(), 3.0f);
    const auto y = run.forward();
    const double n = static_cast<double>(y.size()), kept = 1.0 - rate;
    const auto value = static_cast<float>(3.0 / kept);
    double sum = 0.0, square = 0.0, count = 0.0;
    for (const float each : y) {
      REQUIRE((each == 0.0f || each == Approx(value).epsilon(1e-6)));
      sum += each;
      square += (each - 3.0) * (each - 3.0);
      count += each != 0.0f ? 1.0 : 0.0;
    }
    // A kept number is 3 / kept: mean 3, variance 9 rate / kept.
    const double variance = 9.0 * rate / kept;
    CHECK(std::abs(count - n * kept) < 5 * std::sqrt(n * rate * kept));
    CHECK(std::abs(sum / n - 3.0) < 5 * std::sqrt(variance / n));
    // The fourth central moment of the two values gives the error of the variance.
    const double high = 3.0 / kept - 3.0;
    const double fourth = kept * std::pow(high, 4) + rate * 81.0;
    CHECK(std::abs(square / n - variance) <=
          5 * std::sqrt((fourth - variance * variance) / n) + 1e-4);
  }
}

TEST_CASE("dropout follows the uniform numbers of its stream, with its gradient") {
  for (const bool predicting : {false, true}) {
    const MadeLayer made = make_dropout("0.4", {3, 2, 4});
    LayerRun run(made, 3);
    run.pass.noise.predicting = predicting;
    const NaivePass pass = run.naive_pass();
    check_against_naive(run, [&](const NaiveState& state) {
      Numbers y = state.inputs[0];
      for (std::size_t b = 0; b < 3; ++b) {
        std::vector<float> uniform(24);
        fill_uniform(pass.stream(Site::dropout, Site::predict_dropout, b), 0, uniform);
        for (std::size_t i = 0; i < 24; ++i) y[b * 24 + i] *= uniform[i] < 0.4f ? 0.0 : 1 / 0.6;
      }
      return y;
    });
  }
}

TEST_CASE("spatial dropout keeps or drops whole channels of an example, with its gradient") {
  for (const bool predicting : {false, true}) {
    const MadeLayer made =
        make_layer_from(R"({"type": "spatial_dropout2d", "rate": 0.4})", {{3, 2, 8}});
    LayerRun run(made, 3);
    run.pass.noise.predicting = predicting;
    const NaivePass pass = run.naive_pass();
    check_against_naive(run, [&](const NaiveState& state) {
      Numbers y = state.inputs[0];
      for (std::size_t b = 0; b < 3; ++b) {
        std::vector<float> uniform(8);
        fill_uniform(pass.stream(Site::dropout, Site::predict_dropout, b), 0, uniform);
        for (std::size_t i = 0; i < 48; ++i) {
          y[b * 48 + i] *= uniform[i % 8] < 0.4f ? 0.0 : 1 / 0.6;
        }
      }
      return y;
    });
    const std::vector<bool> mask = mask_of(run);
    const auto kept = std::count(mask.begin(), mask.end(), true);
    CHECK((kept > 0 && kept < 144 && kept % 6 == 0));
  }
  CHECK_THROWS_WITH(
      make_layer_from(R"({"type": "spatial_dropout2d", "rate": 0.4})", {flat_shape(3)}),
      Catch::Matchers::Contains("reads an image"));
}

TEST_CASE("masks differ between examples, steps, layers, runs, and training and prediction") {
  const MadeLayer made = make_dropout("0.5", flat_shape(1000));
  LayerRun run(made, 2);
  const auto mask = mask_of(run);
  CHECK(mask_of(run) == mask);
  const auto half = static_cast<std::ptrdiff_t>(1000);
  const std::vector<bool> one(mask.begin(), mask.begin() + half),
      two(mask.begin() + half, mask.end());
  CHECK(differences_of(one, two) > 400);
  const auto changed = [&](const auto& change) {
    LayerRun other(made, 2);
    change(other.pass.noise);
    return differences_of(mask, mask_of(other));
  };
  CHECK(changed([](PassNoise&) {}) == 0);
  CHECK(changed([](PassNoise& noise) { ++noise.step; }) > 800);
  CHECK(changed([](PassNoise& noise) { ++noise.seed; }) > 800);
  CHECK(changed([](PassNoise& noise) { noise.predicting = true; }) > 800);
  const Dropout neighbour(0.5, {kLayerIndex + 1}, flat_shape(1000));
  std::vector<float> y(2000), scratch(1000);
  const float* input = run.inputs[0].data();
  neighbour.forward({run.pass, {&input, 1}, y.data(), nullptr, scratch.data()});
  std::vector<bool> other;
  for (const float each : y) other.push_back(each != 0.0f);
  CHECK(differences_of(mask, other) > 800);
}

TEST_CASE("dropout is off without noise and at rate 0") {
  for (const std::string rate : {"0.5", "0"}) {
    const MadeLayer made = make_dropout(rate, {2, 3, 4});
    LayerRun run(made, 2);
    if (rate != "0") {
      run.pass.draws = nullptr;
      run.pass.noise = {};
    }
    check_against_naive(run, [](const NaiveState& state) { return state.inputs[0]; });
    CHECK(to_numbers(run.output.span()) == to_numbers(run.inputs[0]));
  }
}

TEST_CASE("a layer's own seed names its masks alone") {
  const MadeLayer made = make_dropout("0.5", flat_shape(500), R"(, "seed": 44)");
  const MadeLayer other = make_dropout("0.5", flat_shape(500), R"(, "seed": 45)");
  LayerRun run(made, 2), again(made, 2), differs(other, 2);
  again.pass.noise.seed = 77;
  const auto mask = mask_of(run);
  CHECK(mask_of(again) == mask);
  CHECK(differences_of(mask, mask_of(differs)) > 400);
}

TEST_CASE("gradients pass through the masks of a network, trained or not") {
  check_gradients(R"({"input": {"height": 4, "width": 4, "channels": 2}, "layers": [
      {"type": "conv2d", "filters": 3, "kernel_size": 2, "activation": "tanh"},
      {"type": "dropout", "rate": 0.4}, {"type": "flatten"}, {"type": "dropout", "rate": 0.2},
      {"type": "dense_flipout", "units": 3}]})",
                  3);
}

TEST_CASE("rates below 0, and of 1 or more, are refused") {
  for (const std::string rate : {"1", "-0.1", "true", "null", "\"0.5\""}) {
    CHECK_THROWS_WITH(make_dropout(rate, flat_shape(3)), Catch::Matchers::Contains("rate"));
  }
  CHECK_THROWS_WITH(make_layer_from(R"({"type": "dropout"})", {flat_shape(3)}),
                    Catch::Matchers::Contains("rate: missing"));
}
