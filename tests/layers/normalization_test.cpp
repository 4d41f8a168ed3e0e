// Normalisation layers against naive loops in double, and their gradients against differences.

#include <cmath>

#include <catch2/catch.hpp>

#include "support/layer_fixture.h"

using namespace bnn;
using namespace bnn::testing;
using Catch::Matchers::Contains;

namespace {

// What the naive layers normalise over.
enum class Over { batch, group, map };

struct NaiveNormalization {
  Over over = Over::batch;
  std::size_t groups = 1;
  double epsilon = 1e-3;
  bool subtracts_mean = true;
  bool swish = false;
};

struct Moments {
  double mean = 0.0, variance = 0.0;
};

// Moments of the numbers that `take` takes, of an array [examples][pixels][channels].
template <typename Take>
Moments moments_of(const Numbers& x, std::size_t channels, std::size_t each, bool subtracts_mean,
                   const Take& take) {
  Moments moments;
  double count = 0.0;
  const auto for_each = [&](const auto& visit) {
    for (std::size_t i = 0; i < x.size(); ++i) {
      if (take(i / each, i % channels)) visit(x[i]);
    }
  };
  for_each([&](double value) {
    moments.mean += value;
    count += 1.0;
  });
  moments.mean = subtracts_mean ? moments.mean / count : 0.0;
  for_each([&](double value) {
    moments.variance += (value - moments.mean) * (value - moments.mean) / count;
  });
  return moments;
}

Moments moments_at(const Numbers& x, const NaiveNormalization& naive, std::size_t channels,
                   std::size_t each, std::size_t example, std::size_t channel) {
  const std::size_t width = channels / naive.groups;
  return moments_of(x, channels, each, naive.subtracts_mean, [&](std::size_t b, std::size_t c) {
    if (naive.over == Over::batch) return c == channel;
    if (naive.over == Over::map) return b == example && c == channel;
    return b == example && c / width == channel / width;
  });
}

double value_or(const double* variable, std::size_t channel, double otherwise) {
  return variable == nullptr ? otherwise : variable[channel];
}

Numbers normalized(const ParameterLayout& layout, const NaiveState& state, std::size_t channels,
                   std::size_t each, const NaiveNormalization& naive,
                   const std::vector<Moments>& fixed = {}) {
  const auto variable = [&](const std::string& name) {
    return naive_variable(layout, state.parameters, "layer/" + name);
  };
  Numbers y = state.inputs[0];
  for (std::size_t i = 0; i < y.size(); ++i) {
    const std::size_t c = i % channels;
    const Moments moments =
        fixed.empty() ? moments_at(state.inputs[0], naive, channels, each, i / each, c) : fixed[c];
    y[i] = (y[i] - moments.mean) / std::sqrt(moments.variance + naive.epsilon);
    y[i] = y[i] * value_or(variable("gamma"), c, 1.0) + value_or(variable("beta"), c, 0.0);
    y[i] = std::max(y[i], value_or(variable("tau"), c, -HUGE_VAL));
    if (naive.swish) y[i] /= 1.0 + std::exp(-y[i]);
  }
  return y;
}

void check_layer(const std::string& json, const Shape& shape, int examples,
                 const NaiveNormalization& naive, bool training = true) {
  INFO(json);
  const MadeLayer made = make_layer_from(json, {shape});
  LayerRun run(made, examples);
  run.pass.training = training;
  const auto channels = static_cast<std::size_t>(shape.channels);
  check_against_naive(run, [&](const NaiveState& state) {
    return normalized(made.layout, state, channels, shape.size(), naive);
  });
  for (const float sum : run.state_sums.span()) REQUIRE(std::isfinite(sum));
}

std::string typed(const std::string& type, const std::string& more = "") {
  return "{\"type\": \"" + type + "\"" + more + "}";
}

const std::string kSwish = R"(, "activation": "swish")";

}  // namespace

TEST_CASE("batch normalisation of a training pass takes the moments of its shard") {
  // Blocks of 16 and 4 channels and single ones; odd and even numbers of pixels.
  for (const int channels : {1, 3, 6, 21}) {
    check_layer(typed("batch_normalization"), {3, 5, channels}, 3, {});
    check_layer(typed("batch_normalization", R"(, "epsilon": 0.5, "scale": false)"),
                {2, 4, channels}, 2, {.epsilon = 0.5});
  }
  check_layer(typed("batch_normalization", R"(, "center": false)" + kSwish), {3, 4, 5}, 3,
              {.swish = true});
  check_layer(typed("batch_normalization"), flat_shape(7), 6, {});
}

TEST_CASE("group normalisation takes the moments of each example's groups") {
  check_layer(typed("group_normalization", R"(, "groups": 2)"), {3, 3, 6}, 2,
              {.over = Over::group, .groups = 2});
  check_layer(typed("group_normalization", R"(, "groups": 1)" + kSwish), {2, 3, 18}, 3,
              {.over = Over::group, .groups = 1, .swish = true});
  check_layer(typed("group_normalization", R"(, "groups": -1, "epsilon": 0.01)"), {4, 3, 5}, 2,
              {.over = Over::map, .epsilon = 0.01});
  check_layer(typed("group_normalization", R"(, "groups": 3)"), flat_shape(12), 4,
              {.over = Over::group, .groups = 3}, false);
}

TEST_CASE("filter response normalisation divides by the root mean square, above a threshold") {
  const NaiveNormalization naive{.over = Over::map, .epsilon = 1e-6, .subtracts_mean = false};
  for (const int channels : {1, 5, 18, 32}) {
    check_layer(typed("filter_response_normalization"), {3, 5, channels}, 2, naive);
  }
  check_layer(typed("filter_response_normalization", R"(, "threshold": false)"), {4, 2, 3}, 2,
              naive, false);
  NaiveNormalization swish = naive;
  swish.swish = true;
  check_layer(typed("filter_response_normalization", R"(, "scale": false)" + kSwish), {3, 3, 4}, 2,
              swish);
}

TEST_CASE("a threshold that is not a number stays one, and so does what it is compared with") {
  const MadeLayer made = make_layer_from(typed("filter_response_normalization"), {{2, 3, 5}});
  LayerRun run(made, 1);
  run.parameters[made.layout.find("layer/tau")->slice.offset + 1] = kUnset;
  run.parameters[made.layout.find("layer/beta")->slice.offset + 3] = kUnset;
  run.forward();
  for (std::size_t i = 0; i < run.output.span().size(); ++i) {
    CAPTURE(i);
    CHECK(std::isnan(run.output.span()[i]) == (i % 5 == 1 || i % 5 == 3));
  }
}

TEST_CASE("outside training, batch normalisation takes its running statistics") {
  for (const bool frozen : {false, true}) {
    const MadeLayer made = make_layer_from(
        typed("batch_normalization", frozen ? R"(, "trainable": false)" : ""), {{2, 3, 5}});
    LayerRun run(made, 3);
    run.pass.training = frozen;
    std::vector<Moments> fixed;
    const Slice mean = made.layout.find("layer/moving_mean")->slice;
    const Slice variance = made.layout.find("layer/moving_variance")->slice;
    for (std::size_t c = 0; c < 5; ++c) {
      run.parameters[variance.offset + c] = 0.25f + 0.5f * static_cast<float>(c);
      fixed.push_back({run.parameters[mean.offset + c], run.parameters[variance.offset + c]});
    }
    // The naive layer holds the statistics fixed: no gradient reaches them.
    check_against_naive(run, [&](const NaiveState& state) {
      return normalized(made.layout, state, 5, 30, {}, fixed);
    });
    for (const float sum : run.state_sums.span()) CHECK(sum == 0.0f);
  }
}

TEST_CASE("the running statistics follow the moments of a batch that was cut into shards") {
  constexpr double kMomentum = 0.75;
  const MadeLayer made =
      make_layer_from(typed("batch_normalization", R"(, "momentum": 0.75)"), {{4, 2, 3}});
  LayerRun all(made, 5), first(made, 2), second(made, 3);
  const Slice mean = made.layout.find("layer/moving_mean")->slice;
  const Slice variance = made.layout.find("layer/moving_variance")->slice;
  for (std::size_t c = 0; c < 3; ++c) all.parameters[variance.offset + c] = 2.0f;
  // Far from zero, as the numbers of a deep network may be.
  for (float& x : all.inputs[0]) x = 300.0f + x;
  for (std::size_t c = 0; c < 3; ++c) all.parameters[mean.offset + c] = 299.0f;
  std::vector<float> sums(made.layout.size());
  std::size_t begin = 0;
  for (LayerRun* shard : {&first, &second}) {
    const std::size_t size = shard->inputs[0].size();
    std::copy_n(all.inputs[0].begin() + static_cast<std::ptrdiff_t>(begin), size,
                shard->inputs[0].begin());
    begin += size;
    shard->parameters = all.parameters;
    shard->pass.parameters = shard->parameters.data();
    shard->pass.training = true;
    shard->forward();
    for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += shard->state_sums.span()[i];
  }
  std::vector<float> updated = all.parameters;
  made.layer->update_state(
      {sums.data(), static_cast<double>(all.inputs[0].size()) / 3.0, updated.data()});
  const Numbers x = to_numbers(all.inputs[0]);
  for (std::size_t c = 0; c < 3; ++c) {
    const Moments batch =
        moments_of(x, 3, 24, true, [&](std::size_t, std::size_t channel) { return channel == c; });
    CHECK(updated[mean.offset + c] ==
          Approx(kMomentum * 299.0 + (1 - kMomentum) * batch.mean).epsilon(1e-6));
    CHECK(updated[variance.offset + c] ==
          Approx(kMomentum * 2.0 + (1 - kMomentum) * batch.variance).epsilon(1e-5));
  }
}

TEST_CASE("normalisation layers start as the identity of what they normalise") {
  const MadeLayer made = make_layer_from(typed("filter_response_normalization"), {{2, 2, 3}});
  const auto initial = [&](const std::string& name) {
    return made.layout.find("layer/" + name)->initializer;
  };
  using Kind = Initializer::Kind;
  CHECK(initial("gamma") == Initializer{Kind::constant, 1.0, 0.0});
  CHECK(initial("beta") == Initializer{});
  CHECK(initial("tau") == Initializer{});
}

TEST_CASE("normalisation that would leave nothing of its input is refused") {
  const auto make = [](const std::string& json, const Shape& shape) {
    make_layer_from(json, {shape});
  };
  CHECK_THROWS_WITH(make(typed("group_normalization", R"(, "groups": 4)"), {2, 2, 6}),
                    Contains("a divisor of 6, found 4"));
  CHECK_THROWS_WITH(make(typed("group_normalization", R"(, "groups": 0)"), {2, 2, 6}),
                    Contains("groups: expected at least 1, or -1"));
  CHECK_THROWS_WITH(make(typed("group_normalization", R"(, "groups": -1)"), flat_shape(6)),
                    Contains("a single number"));
  CHECK_THROWS_WITH(make(typed("filter_response_normalization"), {1, 1, 6}),
                    Contains("a single pixel"));
  CHECK_THROWS_WITH(make(typed("filter_response_normalization"), flat_shape(6)),
                    Contains("reads an image"));
}

TEST_CASE("a layer that normalises a vector over its shard needs two examples in each") {
  CHECK(make_layer_from(typed("batch_normalization"), {flat_shape(6)}).layer->least_examples() ==
        2);
  CHECK(make_layer_from(typed("batch_normalization"), {{2, 1, 6}}).layer->least_examples() == 1);
}
