// Depthwise, separable and transposed convolutions under every estimator: values and gradients
// against the naive loops of naive_convolutions.h in double, with the noise rebuilt from its named
// streams and frozen.

#include <catch2/catch.hpp>

#include "support/naive_convolutions.h"

namespace bnn::testing {
namespace {

// One layer and its formula.
struct Kind {
  std::string type;  // without an estimator
  std::string keys;  // each after a comma
  Shape input;
  std::function<NaiveLayer(const std::string& activation, const ParameterLayout&, const NaivePass&,
                           NaiveEstimator)>
      naive;

  MadeLayer make(const std::string& type_suffix, const std::string& activation,
                 const std::string& more) const {
    return make_layer_from("{\"type\": \"" + type + type_suffix + "\", \"activation\": \"" +
                               activation + "\"" + keys + more + "}",
                           {input});
  }
};

Kind depthwise_kind(const NaiveWindow& w, int multiplier) {
  return {"depthwise_conv2d", window_keys(w) + multiplier_key(multiplier), w.input,
          [=](const std::string& activation, const ParameterLayout& layout, const NaivePass& pass,
              NaiveEstimator estimator) {
            return naive_map_layer(naive_depthwise_map(w, multiplier), "depthwise_kernel",
                                   activation, layout, pass, estimator);
          }};
}

Kind separable_kind(const NaiveWindow& w, int multiplier) {
  return {
      "separable_conv2d",
      window_keys(w) + multiplier_key(multiplier) + ", \"filters\": " + std::to_string(w.filters),
      w.input,
      [=](const std::string& activation, const ParameterLayout& layout, const NaivePass& pass,
          NaiveEstimator estimator) {
        return naive_separable_layer(w, multiplier, activation, layout, pass, estimator);
      }};
}

Kind transposed_kind(const NaiveTranspose& t) {
  const std::string padding =
      t.output_padding ? pair_text("output_padding", *t.output_padding) : "";
  return {"conv2d_transpose",
          window_keys(t.w) + padding + ", \"filters\": " + std::to_string(t.w.filters), t.w.input,
          [=](const std::string& activation, const ParameterLayout& layout, const NaivePass& pass,
              NaiveEstimator estimator) {
            return naive_map_layer(t.map(), "kernel", activation, layout, pass, estimator);
          }};
}

// Every path through them: odd and even sides, strides, dilation, both paddings, several kernels a
// channel, more channels than a block of vectors holds, few and many pixels.
std::vector<Kind> kinds() {
  const NaiveWindow plain{{4, 5, 3}, 2, {3, 2}, {1, 1}, {1, 1}, Padding::same};
  const NaiveWindow strided{{6, 5, 2}, 3, {3, 3}, {2, 1}, {1, 1}, Padding::same};
  const NaiveWindow dilated{{6, 7, 2}, 2, {2, 3}, {1, 1}, {3, 2}};
  const NaiveWindow even{{4, 3, 2}, 3, {4, 2}, {3, 2}, {1, 1}, Padding::valid};
  const NaiveWindow pixel{{3, 2, 4}, 5, {1, 1}};
  std::vector<Kind> list;
  for (const NaiveWindow& w : {plain, strided, dilated, even, pixel}) {
    for (const int multiplier : {1, 3}) {
      list.push_back(depthwise_kind(w, multiplier));
      list.push_back(separable_kind(w, multiplier));
    }
    list.push_back(transposed_kind({w}));
  }
  list.push_back(depthwise_kind({{3, 4, 37}, 1, {3, 3}, {1, 1}, {1, 1}, Padding::same}, 1));
  list.push_back(transposed_kind({strided, {{1, 0}}}));
  list.push_back(transposed_kind({even, {{2, 0}}}));
  return list;
}

const std::pair<std::string, NaiveEstimator> kAll[] = {
    {"flipout", NaiveEstimator::flipout},
    {"reparameterization", NaiveEstimator::reparameterization},
    {"local_reparameterization", NaiveEstimator::local_reparameterization},
    {"independent", NaiveEstimator::independent}};

void check_kind(const Kind& kind, const MadeLayer& made, const std::string& activation,
                NaiveEstimator estimator, bool noisy = true) {
  CAPTURE(kind.type, kind.keys, to_string(kind.input), activation);
  LayerRun run(made, 3);
  if (!noisy) {
    run.pass.draws = nullptr;
    run.pass.noise = {};  // no streams are drawn from
  }
  check_against_naive(run, kind.naive(activation, made.layout, run.naive_pass(), estimator));
}

}  // namespace

TEST_CASE("further kinds of convolutions equal their formula, with all gradients") {
  for (const Kind& kind : kinds()) {
    check_kind(kind, kind.make("", "swish", ""), "swish", NaiveEstimator::flipout);
    for (const auto& [name, estimator] : kAll) {
      CAPTURE(name);
      const MadeLayer made = kind.make("_flipout", "swish", estimator_key(name) + kSampledBias);
      check_kind(kind, made, "swish", estimator);
      check_kind(kind, made, "swish", estimator, /*noisy=*/false);
    }
  }
}

TEST_CASE("further kinds of convolutions take every activation, and no bias") {
  const NaiveWindow w{{3, 4, 2}, 3, {2, 2}, {1, 1}, {1, 1}, Padding::same};
  for (const Kind& kind : {depthwise_kind(w, 2), separable_kind(w, 2), transposed_kind({w})}) {
    for (const std::string activation : {"linear", "relu", "gelu", "tanh"}) {
      for (const auto& [name, estimator] : kAll) {
        check_kind(kind,
                   kind.make("_flipout", activation,
                             estimator_key(name) + R"(, "bias_posterior_fn": null)"),
                   activation, estimator);
      }
      check_kind(kind, kind.make("", activation, R"(, "use_bias": false)"), activation,
                 NaiveEstimator::flipout);
    }
  }
}

TEST_CASE("further kinds of convolutions named after an estimator are those with that key") {
  for (const Kind& kind : kinds()) {
    CAPTURE(kind.type, kind.keys);
    for (const std::string name : {"reparameterization", "local_reparameterization"}) {
      const MadeLayer named = kind.make("_" + name, "gelu", kSampledBias);
      const MadeLayer keyed = kind.make("_flipout", "gelu", estimator_key(name) + kSampledBias);
      LayerRun one(named, 3), two(keyed, 3);
      const Numbers y = to_numbers(two.forward());
      CHECK(to_numbers(one.forward()) == y);
    }
  }
}

TEST_CASE("further kinds of convolutions keep nothing for a pass without backward") {
  for (const Kind& kind : kinds()) {
    for (const auto& [name, estimator] : kAll) {
      CAPTURE(kind.type, kind.keys, name);
      const MadeLayer made = kind.make("_flipout", "swish", estimator_key(name));
      LayerRun run(made, 3);
      const auto y = run.forward();
      CHECK(run.infer() == std::vector<float>(y.begin(), y.end()));
    }
  }
}

TEST_CASE("further kinds of convolutions give an example the same bits in any group") {
  for (const Kind& kind : kinds()) {
    for (const auto& [name, estimator] : kAll) {
      CAPTURE(kind.type, kind.keys, name);
      const MadeLayer made = kind.make("_flipout", "swish", estimator_key(name));
      LayerRun all(made, 3), last(made, 1);
      const std::size_t size = kind.input.size();
      std::copy_n(all.inputs[0].begin() + static_cast<std::ptrdiff_t>(2 * size), size,
                  last.inputs[0].begin());
      last.noise_examples[0] = all.noise_examples[2];
      const auto y = last.forward();
      const auto expected = all.forward().last(y.size());
      CHECK(std::vector<float>(y.begin(), y.end()) ==
            std::vector<float>(expected.begin(), expected.end()));
    }
  }
}

TEST_CASE("further kinds of convolutions leave unwanted input gradients alone") {
  for (const Kind& kind : kinds()) {
    for (const std::string& name : kEstimators) {
      CAPTURE(kind.type, kind.keys, name);
      const MadeLayer made = kind.make("_flipout", "tanh", estimator_key(name));
      LayerRun run(made, 2);
      const auto weights = random_numbers(run.forward().size(), 8);
      run.backward(weights);
      Numbers twice = to_numbers(run.gradient.span());
      for (double& g : twice) g *= 2;
      run.backward(weights, /*wants_input_gradients=*/false);
      CHECK(worst_error(run.gradient.span(), twice) < 1e-5);
    }
  }
}

TEST_CASE("predictions of further kinds of convolutions have noise of their own") {
  const NaiveWindow w{{3, 4, 2}, 3, {2, 2}, {1, 1}, {1, 1}, Padding::same};
  for (const Kind& kind : {depthwise_kind(w, 2), separable_kind(w, 2), transposed_kind({w})}) {
    for (const auto& [name, estimator] : kAll) {
      CAPTURE(kind.type, name);
      const MadeLayer made = kind.make("_flipout", "linear", estimator_key(name) + ", \"seed\": 4");
      LayerRun run(made, 2);
      run.pass.noise.predicting = true;
      NaivePass pass = run.naive_pass();
      pass.noise.seed = 4;
      pass.layer = 0;
      const NaiveLayer naive = kind.naive("linear", made.layout, pass, estimator);
      CHECK(worst_error(run.forward(), naive(run.naive_state())) < 1e-5);
    }
  }
}

TEST_CASE("a transposed convolution has the output of Keras over a grid of geometries") {
  for (NaiveWindow w : window_grid()) {
    w.input.channels = 3;
    w.filters = 5;
    const NaiveTranspose plain{w};
    std::vector<NaiveTranspose> cases = {plain};
    for (int more = 0; more < std::min(w.strides[0], w.strides[1]); ++more) {
      cases.push_back({w, {{more, more}}});
    }
    for (const NaiveTranspose& t : cases) {
      const Kind kind = transposed_kind(t);
      CAPTURE(kind.keys, to_string(w.input));
      const auto is_short = [&](std::size_t d) {
        const bool is_even = (w.kernel[d] - 1) * w.dilation[d] % 2 == 1;
        return t.output_padding && w.padding == Padding::same && is_even &&
               (*t.output_padding)[d] == 0;
      };
      if (is_short(0) || is_short(1)) {
        CHECK_THROWS_AS(kind.make("", "linear", ""), Error);
        continue;
      }
      const MadeLayer made = kind.make("", "linear", "");
      REQUIRE(made.layer->output_shape() == t.output());
      LayerRun run(made, 2);
      const NaiveLayer naive =
          kind.naive("linear", made.layout, run.naive_pass(), NaiveEstimator::flipout);
      CHECK(worst_error(run.forward(), naive(run.naive_state())) < 1e-5);
    }
  }
}

TEST_CASE("a depthwise convolution equals the naive one over a grid of geometries") {
  for (NaiveWindow w : window_grid()) {
    for (const int channels : {1, 16, 21}) {
      w.input.channels = channels;
      const int multiplier = channels == 21 ? 1 : 2;
      const Kind kind = depthwise_kind(w, multiplier);
      CAPTURE(kind.keys, to_string(w.input));
      if (w.pixels() == 0) {
        CHECK_THROWS_AS(kind.make("", "linear", ""), Error);
        continue;
      }
      const MadeLayer made = kind.make("", "linear", "");
      const Shape expected{w.rows().output, w.columns().output, channels * multiplier};
      REQUIRE(made.layer->output_shape() == expected);
      LayerRun run(made, 2);
      const NaiveLayer naive =
          kind.naive("linear", made.layout, run.naive_pass(), NaiveEstimator::flipout);
      CHECK(worst_error(run.forward(), naive(run.naive_state())) < 1e-5);
    }
  }
}

TEST_CASE("a transposed convolution of several tiles gives what one of a single tile gives") {
  // 30 x 9 x 40 floats a row of the windows: six rows of the image a tile.
  const NaiveTranspose t{{{14, 30, 4}, 40, {3, 3}, {1, 1}, {1, 1}, Padding::same}};
  const Kind kind = transposed_kind(t);
  for (const auto& [name, estimator] : kAll) {
    const MadeLayer made = kind.make("_flipout", "gelu", estimator_key(name));
    LayerRun run(made, 2);
    const NaiveLayer naive = kind.naive("gelu", made.layout, run.naive_pass(), estimator);
    CHECK(worst_error(run.forward(), naive(run.naive_state())) < 1e-5);
  }
}

TEST_CASE("the gradients of a transposed convolution of two tiles equal its formula") {
  // 30 x 9 x 128 floats a row of the windows: one row of the image a tile.
  const Kind kind = transposed_kind({{{2, 30, 2}, 128, {3, 3}, {1, 1}, {1, 1}, Padding::same}});
  check_kind(kind, kind.make("", "linear", ""), "linear", NaiveEstimator::flipout, false);
}

TEST_CASE("kernels of further convolutions are shaped and named as in TensorFlow") {
  using Dimensions = std::vector<std::int64_t>;
  const NaiveWindow w{{8, 8, 3}, 5, {3, 2}};
  const auto shape_of = [](const MadeLayer& made, const std::string& name) {
    const Variable* variable = made.layout.find(name);
    REQUIRE(variable != nullptr);
    return variable->shape;
  };
  const MadeLayer depthwise = depthwise_kind(w, 4).make("_flipout", "linear", "");
  CHECK(shape_of(depthwise, "layer/depthwise_kernel_posterior_loc") == Dimensions{3, 2, 3, 4});
  CHECK(shape_of(depthwise, "layer/bias_posterior_loc") == Dimensions{12});
  const MadeLayer separable = separable_kind(w, 4).make("", "linear", "");
  CHECK(shape_of(separable, "layer/depthwise_kernel") == Dimensions{3, 2, 3, 4});
  CHECK(shape_of(separable, "layer/pointwise_kernel") == Dimensions{1, 1, 12, 5});
  CHECK(shape_of(separable, "layer/bias") == Dimensions{5});
  const MadeLayer transposed = transposed_kind({w}).make("_flipout", "linear", "");
  CHECK(shape_of(transposed, "layer/kernel_posterior_untransformed_scale") ==
        Dimensions{3, 2, 5, 3});
  CHECK(shape_of(transposed, "layer/bias_posterior_loc") == Dimensions{5});
}

TEST_CASE("an output padding that no convolution leaves is refused with what to set") {
  const auto problem = [](const std::string& keys) {
    try {
      make_layer_from(R"({"type": "conv2d_transpose", "filters": 2)" + keys + "}", {{4, 4, 2}});
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("nothing");
  };
  using Catch::Matchers::Contains;
  CHECK_THAT(problem(R"(, "kernel_size": 3, "strides": 2, "output_padding": 2)"),
             Contains("/output_padding: expected less than the strides, which are [2,2], found "
                      "[2,2]"));
  CHECK_THAT(problem(R"(, "kernel_size": 3, "output_padding": -1)"), Contains("output_padding"));
  CHECK_THAT(
      problem(R"(, "kernel_size": [3, 2], "strides": 2, "padding": "same", "output_padding": 0)"),
      Contains("width 6 has too few windows for an input of width 4") &&
          Contains("expected an \"output_padding\" above 0 and below the stride, or null"));
  CHECK(problem(R"(, "kernel_size": 2, "strides": 2, "padding": "same", "output_padding": 1)") ==
        "nothing");
  CHECK_THAT(problem(R"(, "kernel_size": 3, "strides": 2147483647)"), Contains("too large"));
  CHECK_THAT(problem(R"(, "kernel_size": 2147483647)"), Contains("too large"));
}

TEST_CASE("multiply-adds of further convolutions") {
  const NaiveWindow w{{4, 5, 3}, 7, {3, 3}, {1, 1}, {1, 1}, Padding::same};
  CHECK(depthwise_kind(w, 2).make("", "linear", "").layer->multiply_adds() == 20.0 * 9 * 6);
  CHECK(separable_kind(w, 2).make("", "linear", "").layer->multiply_adds() ==
        20.0 * 9 * 6 + 20.0 * 6 * 7);
  CHECK(transposed_kind({w}).make("", "linear", "").layer->multiply_adds() == 20.0 * 9 * 7 * 3);
}

}  // namespace bnn::testing
