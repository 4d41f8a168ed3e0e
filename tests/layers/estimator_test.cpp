// Every estimator of a kernel as a function: convolution and dense layers against the formulas of
// naive_layers.h in double, with the noise rebuilt from its named streams; all gradients against
// central differences with that noise frozen.

#include <catch2/catch.hpp>

#include "support/conv_pair.h"
#include "support/layer_fixture.h"

using namespace bnn;
using namespace bnn::testing;

namespace {

struct Choice {
  std::string keys;  // after the others of a flipout layer
  NaiveEstimator estimator;
  bool uses_mean = false;

  NaiveLayer naive(const NaiveWindow& w, const std::string& activation,
                   const ParameterLayout& layout, const NaivePass& pass) const {
    return naive_weights_layer(w, activation, layout, pass, estimator, uses_mean);
  }
};

const std::string kMean = R"(, "kernel_posterior_tensor_fn": "mean")";
const std::string kNoBias = R"(, "bias_posterior_fn": null)";

const Choice kChoices[] = {
    {R"(, "estimator": "flipout")", NaiveEstimator::flipout},
    {R"(, "estimator": "reparameterization")", NaiveEstimator::reparameterization},
    {R"(, "estimator": "local_reparameterization")", NaiveEstimator::local_reparameterization},
    {R"(, "estimator": "independent")", NaiveEstimator::independent},
    {kMean, NaiveEstimator::flipout, true},
    {R"(, "estimator": "reparameterization")" + kMean, NaiveEstimator::reparameterization, true},
    {R"(, "estimator": "local_reparameterization")" + kMean,
     NaiveEstimator::local_reparameterization, true},
    {R"(, "estimator": "independent")" + kMean, NaiveEstimator::independent, true}};

MadeLayer make_conv(const Choice& choice, const NaiveWindow& w,
                    const std::string& activation = "linear", const std::string& more = "") {
  return make_layer_from(conv_text("conv2d_flipout", w, activation, choice.keys + more), {w.input});
}

NaiveWindow dense_window(int inputs, int units) { return {{1, 1, inputs}, units}; }

MadeLayer make_dense(const Choice& choice, int inputs, int units,
                     const std::string& activation = "linear", const std::string& more = "") {
  return make_layer_from(dense_text("dense_flipout", units, activation, choice.keys + more),
                         {flat_shape(inputs)});
}

void make_quiet(LayerRun& run) {
  run.pass.draws = nullptr;
  run.pass.noise = {};  // no streams are drawn from
}

void check(const Choice& choice, const MadeLayer& made, const NaiveWindow& w,
           const std::string& activation, bool noisy = true) {
  INFO(choice.keys << " of " << to_string(w.input) << ", " << activation);
  LayerRun run(made, 3);
  if (!noisy) make_quiet(run);
  check_against_naive(run, choice.naive(w, activation, made.layout, run.naive_pass()));
}

const NaiveWindow kSmall{{3, 4, 2}, 3, {2, 2}, {1, 1}, {1, 1}, Padding::same};

}  // namespace

TEST_CASE("convolutions under every estimator equal their formula, with all gradients") {
  const NaiveWindow windows[] = {
      {{4, 5, 2}, 2, {1, 1}, {1, 1}},                          // the image as its own im2col matrix
      {{6, 7, 2}, 2, {2, 2}, {1, 1}, {1, 1}, Padding::same},   // 42 pixels: a kernel an example
      {{6, 5, 2}, 3, {3, 3}, {2, 2}, {1, 1}, Padding::same},   // pads of (0, 1) and (1, 1)
      {{7, 5, 1}, 2, {2, 1}, {3, 2}},                          // cells that no window covers
      {{6, 5, 2}, 2, {2, 2}, {1, 1}, {2, 3}, Padding::same},   //
      {{3, 2, 2}, 4, {5, 5}, {1, 1}, {1, 1}, Padding::same}};  // larger than the image
  for (const NaiveWindow& w : windows) {
    for (const Choice& choice : kChoices) {
      check(choice, make_conv(choice, w, "swish", kSampledBias), w, "swish");
    }
    // Flipout both ways, whatever the size.
    const ConvPair pair(w, "swish", kNoBias);
    check(kChoices[0], pair.per_example, w, "swish");
    check(kChoices[0], pair.two_product, w, "swish");
  }
}

TEST_CASE("every activation and every kind of bias follows every estimator's convolution") {
  for (const Choice& choice : kChoices) {
    for (const std::string activation : {"linear", "relu", "gelu", "swish", "tanh", "softplus"}) {
      check(choice, make_conv(choice, kSmall, activation), kSmall, activation);
    }
    for (const std::string& bias : {kSampledBias, kNoBias}) {
      check(choice, make_conv(choice, kSmall, "gelu", bias), kSmall, "gelu");
    }
  }
}

TEST_CASE("dense layers under every estimator equal their formula, with all gradients") {
  for (const Choice& choice : kChoices) {
    for (const auto& [inputs, units] : {std::pair{1, 1}, {5, 4}, {4, 4}, {3, 17}}) {
      for (const std::string& bias : {std::string(), kSampledBias, kNoBias}) {
        const NaiveWindow w = dense_window(inputs, units);
        check(choice, make_dense(choice, inputs, units, "gelu", bias), w, "gelu");
        check(choice, make_dense(choice, inputs, units, "relu", bias), w, "relu");
      }
    }
  }
}

TEST_CASE("without draws every estimator is the deterministic layer with the means") {
  const NaiveWindow wide{{7, 6, 2}, 2, {3, 2}, {1, 1}, {1, 1}, Padding::same};
  for (const Choice& choice : kChoices) {
    for (const NaiveWindow& w : {kSmall, wide}) {
      const MadeLayer made = make_conv(choice, w, "swish", kSampledBias);
      check(choice, made, w, "swish", /*noisy=*/false);
      // The same numbers in a layer that never had a scale.
      const MadeLayer plain = make_layer_from(conv_text("conv2d", w, "swish"), {w.input});
      LayerRun run(made, 2), deterministic(plain, 2);
      make_quiet(run);
      for (std::size_t v = 0; v < 2; ++v) {  // kernel, bias
        const Slice from = made.layout.variables()[2 * v].slice;
        const Slice to = plain.layout.variables()[v].slice;
        std::copy_n(run.parameters.begin() + static_cast<std::ptrdiff_t>(from.offset), from.size,
                    deterministic.parameters.begin() + static_cast<std::ptrdiff_t>(to.offset));
      }
      CHECK(worst_error(run.forward(), to_numbers(deterministic.forward())) < 1e-6);
    }
    check(choice, make_dense(choice, 5, 3, "gelu", kSampledBias), dense_window(5, 3), "gelu",
          /*noisy=*/false);
  }
}

TEST_CASE("a pass that keeps nothing for backward gives the same outputs") {
  for (const Choice& choice : kChoices) {
    for (const std::string activation : {"linear", "gelu", "swish"}) {
      INFO(choice.keys << ", " << activation);
      const MadeLayer conv = make_conv(choice, kSmall, activation, kSampledBias);
      const MadeLayer dense = make_dense(choice, 6, 5, activation, kSampledBias);
      for (const MadeLayer* made : {&conv, &dense}) {
        for (const bool noisy : {true, false}) {
          LayerRun run(*made, 3);
          if (!noisy) make_quiet(run);
          const auto y = run.forward();
          CHECK(run.infer() == std::vector<float>(y.begin(), y.end()));
        }
      }
    }
  }
}

TEST_CASE("predictions have noise of their own, and a layer's seed names its noise alone") {
  for (const Choice& choice : kChoices) {
    INFO(choice.keys);
    const MadeLayer own = make_conv(choice, kSmall, "linear", R"(, "seed": 44)");
    const MadeLayer shared = make_conv(choice, kSmall);
    LayerRun seeded(own, 3), run(shared, 3);
    // The layer's number and the run's seed no longer matter.
    NaivePass pass = seeded.naive_pass();
    pass.noise.seed = 44;
    pass.layer = 0;
    const auto naive = choice.naive(kSmall, "linear", own.layout, pass);
    CHECK(worst_error(seeded.forward(), naive(seeded.naive_state())) < 1e-5);
    const bool differs =
        !choice.uses_mean && choice.estimator != NaiveEstimator::reparameterization;
    const Numbers training = to_numbers(run.forward());
    CHECK((worst_error(seeded.output.span(), training) > 0.1) == differs);
    run.pass.noise.predicting = true;
    const auto predicts = choice.naive(kSmall, "linear", shared.layout, run.naive_pass());
    CHECK(worst_error(run.forward(), predicts(run.naive_state())) < 1e-5);
    CHECK((worst_error(run.output.span(), training) > 0.1) == differs);
  }
}

TEST_CASE("a type named after an estimator is the flipout layer with that estimator") {
  const NaiveWindow w{{7, 6, 2}, 3, {3, 2}, {1, 1}, {1, 1}, Padding::same};
  for (const std::string name : {"reparameterization", "local_reparameterization"}) {
    const std::string keys = ", \"estimator\": \"" + name + "\"" + kSampledBias;
    const std::pair<MadeLayer, MadeLayer> pairs[] = {
        {make_layer_from(conv_text("conv2d_" + name, w, "swish", kSampledBias), {w.input}),
         make_layer_from(conv_text("conv2d_flipout", w, "swish", keys), {w.input})},
        {make_layer_from(dense_text("dense_" + name, 5, "gelu", kSampledBias), {flat_shape(6)}),
         make_layer_from(dense_text("dense_flipout", 5, "gelu", keys), {flat_shape(6)})}};
    for (const auto& [named, keyed] : pairs) {
      INFO(name);
      REQUIRE(named.layout.size() == keyed.layout.size());
      LayerRun one(named, 3), two(keyed, 3);
      const Numbers y = to_numbers(two.forward());
      CHECK(to_numbers(one.forward()) == y);
      const auto weights = random_numbers(y.size(), 8);
      one.backward(weights);
      two.backward(weights);
      CHECK(to_numbers(one.gradient.span()) == to_numbers(two.gradient.span()));
      CHECK(to_numbers(one.input_gradients[0].span()) == to_numbers(two.input_gradients[0].span()));
    }
  }
}

namespace {

// d loss along `direction` from `values`, by a central difference of the naive layer.
double slope(Numbers& values, const Numbers& direction, const std::function<double()>& loss) {
  const auto move = [&](double by) {
    for (std::size_t i = 0; i < values.size(); ++i) values[i] += by * direction[i];
  };
  constexpr double kStep = 1e-5;
  move(kStep);
  const double above = loss();
  move(-2 * kStep);
  const double below = loss();
  move(kStep);
  return (above - below) / (2 * kStep);
}

double product(const Numbers& a, const Numbers& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

}  // namespace

TEST_CASE("gradients over several tiles match differences along random directions") {
  // 25 x 15 x 64 floats a row of the im2col matrix: two rows a tile, the last tile with one. Tiles
  // begin within a group of four numbers of the noise.
  const NaiveWindow w{{7, 25, 64}, 1, {3, 5}, {1, 1}, {1, 1}, Padding::same};
  REQUIRE(tile_rows(make_window(w.input, window_spec(w))) == 2);
  for (const Choice& choice : kChoices) {
    if (choice.uses_mean) continue;
    INFO(choice.keys);
    const MadeLayer made = make_conv(choice, w, "swish");
    LayerRun run(made, 2);
    for (float& x : run.parameters) x *= 0.1f;
    for (float& x : run.draws) x *= 0.1f;
    NaiveState state = run.naive_state();
    const NaiveLayer naive = choice.naive(w, "swish", made.layout, run.naive_pass());
    CHECK(worst_error(run.forward(), naive(state)) < 1e-5);
    const auto weights = random_numbers(run.output.span().size(), 8);
    run.backward(weights);
    const auto loss = [&] { return product(naive(state), to_numbers(weights)); };
    const Numbers gradient = to_numbers(run.gradient.span());
    const auto check_along = [&](Numbers& values, const Numbers& analytic, Numbers direction) {
      const double expected = slope(values, direction, loss);
      const double size = std::sqrt(product(analytic, analytic));
      CHECK(std::abs(product(analytic, direction) - expected) < 1e-4 * size);
    };
    for (std::uint32_t seed = 60; seed < 62; ++seed) {
      Numbers along = to_numbers(random_numbers(gradient.size(), seed));
      const Slice scale = made.layout.variables()[1].slice;
      Numbers drawn(along.size(), 0.0);
      for (std::size_t i = scale.offset; i < scale.offset + scale.size; ++i) {
        drawn[i] = along[i];
        along[i] = 0.0;
      }
      check_along(state.parameters, gradient, along);
      check_along(state.draws, gradient, drawn);
      check_along(state.inputs[0], to_numbers(run.input_gradients[0].span()),
                  to_numbers(random_numbers(state.inputs[0].size(), seed + 5)));
    }
  }
}

TEST_CASE("outputs without spread have the gradient of the mean") {
  // sqrt has no slope at zero; where x² s² = 0 only the mean is left.
  const Choice& local = kChoices[2];
  const MadeLayer conv = make_conv(local, kSmall, "linear");
  const MadeLayer dense = make_dense(local, 6, 4, "linear");
  for (const MadeLayer* made : {&conv, &dense}) {
    for (const bool zero_scale : {false, true}) {
      LayerRun run(*made, 2), still(*made, 2);
      for (LayerRun* each : {&run, &still}) {
        if (zero_scale) {
          each->draws.assign(each->draws.size(), 0.0f);
        } else {
          each->inputs[0].assign(each->inputs[0].size(), 0.0f);
        }
      }
      make_quiet(still);
      const auto weights = random_numbers(run.forward().size(), 4);
      still.forward();
      CHECK(worst_error(run.output.span(), to_numbers(still.output.span())) < 1e-6);
      run.backward(weights);
      still.backward(weights);
      CHECK(worst_error(run.gradient.span(), to_numbers(still.gradient.span())) < 1e-6);
      CHECK(worst_error(run.input_gradients[0].span(),
                        to_numbers(still.input_gradients[0].span())) < 1e-6);
    }
  }
}

TEST_CASE("a bias with a scale is its location where the config says mean") {
  const std::string mean = kSampledBias + R"(, "bias_posterior_tensor_fn": "mean")";
  for (const Choice& choice : kChoices) {
    INFO(choice.keys);
    const MadeLayer made = make_conv(choice, kSmall, "linear", mean);
    LayerRun run(made, 2), other(made, 2);
    const Slice slice = made.layout.variables()[3].slice;
    for (std::size_t i = 0; i < slice.size; ++i) other.draws[slice.offset + i] += 1.0f;
    CHECK(to_numbers(run.forward()) == to_numbers(other.forward()));
    const Slice loc = made.layout.variables()[2].slice;
    for (std::size_t i = 0; i < loc.size; ++i) other.parameters[loc.offset + i] += 1.0f;
    Numbers moved = to_numbers(run.forward());
    for (double& y : moved) y += 1.0;
    CHECK(worst_error(other.forward(), moved) < 1e-6);
  }
}

TEST_CASE("a singular kernel under reparameterization is a point") {
  const MadeLayer made = make_layer_from(
      conv_text("conv2d_reparameterization", kSmall, "swish",
                R"(, "kernel_posterior_fn": {"is_singular": true}, "kernel_prior_fn": null)"),
      {kSmall.input});
  CHECK(made.layout.random_tensors().empty());
  check(kChoices[1], made, kSmall, "swish");
}
