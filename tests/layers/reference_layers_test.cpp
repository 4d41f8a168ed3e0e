// What the tests of TensorFlow Probability's layers require, for these layers.

#include <algorithm>
#include <cmath>

#include <catch2/catch.hpp>

#include "support/execution_fixture.h"
#include "support/layer_fixture.h"
#include "support/trainer_fixture.h"

using namespace bnn;
using namespace bnn::testing;

namespace {

const std::string kInput = R"({"input": {"height": 4, "width": 4, "channels": 2}, "layers": [)";

// A convolution and dense logits, both with further keys, each after a comma.
std::string small_model(const std::string& more) {
  return kInput + R"({"type": "conv2d_flipout", "name": "conv", "filters": 2, "kernel_size": 3)" +
         more +
         R"(}, {"type": "flatten"}, {"type": "dense_flipout", "name": "logits", "units": 3)" +
         more + "}]}";
}

}  // namespace

TEST_CASE("each kernel adds one scalar to the KL, whatever the estimator") {
  for (const std::string& estimator : kEstimators) {
    INFO(estimator);
    TrainerFixture f(small_model(estimator_key(estimator)), small_spec());
    CHECK(divergences(f.graph) == 2);
    const double expected = exact_kl(f, "conv/kernel") + exact_kl(f, "logits/kernel");
    CHECK(f.trainer.kl() == Approx(expected).epsilon(1e-6));
    // A step sees it too, whatever the size of its batch.
    CHECK(f.trainer.step(1, indices(7)).kl == Approx(expected).epsilon(1e-6));
  }
}

TEST_CASE("a prior on the bias adds a second term") {
  const std::string both = kSampledBias + R"(, "bias_prior_fn": {"scale": 2.0})";
  for (const std::string& estimator : kEstimators) {
    INFO(estimator);
    TrainerFixture f(small_model(estimator_key(estimator) + both), small_spec());
    CHECK(divergences(f.graph) == 4);
    double expected = 0.0;
    for (const std::string layer : {"conv", "logits"}) {
      expected += exact_kl(f, layer + "/kernel") + exact_kl(f, layer + "/bias", 2.0);
    }
    CHECK(f.trainer.kl() == Approx(expected).epsilon(1e-6));
    CHECK(f.trainer.step(1, indices(12)).kl == Approx(expected).epsilon(1e-6));
  }
}

TEST_CASE("both kernels of a separable convolution have a KL, each with its own prior") {
  for (const std::string& estimator : kEstimators) {
    INFO(estimator);
    TrainerFixture f(kInput +
                         R"({"type": "separable_conv2d_flipout", "name": "conv", "filters": 2,
                             "kernel_size": 3, "depth_multiplier": 2,
                             "pointwise_prior_fn": {"scale": 2}, "depthwise_prior_fn":
                             {"scale": 0.5})" +
                         estimator_key(estimator) +
                         R"(}, {"type": "flatten"}, {"type": "dense", "units": 3}]})",
                     small_spec());
    CHECK(divergences(f.graph) == 2);
    const double expected =
        exact_kl(f, "conv/depthwise_kernel", 0.5) + exact_kl(f, "conv/pointwise_kernel", 2.0);
    CHECK(f.trainer.kl() == Approx(expected).epsilon(1e-6));
    CHECK(f.trainer.step(1, indices(7)).kl == Approx(expected).epsilon(1e-6));
  }
}

TEST_CASE("without a prior or a divergence there is no KL") {
  for (const std::string keys :
       {R"(, "kernel_prior_fn": null)", R"(, "kernel_divergence_fn": null)",
        R"(, "kernel_prior_fn": null, "bias_posterior_fn": null, "bias_prior_fn": {})"}) {
    TrainerFixture f(small_model(keys), small_spec());
    CHECK(divergences(f.graph) == 0);
    CHECK(f.trainer.kl() == 0.0);
    CHECK(f.trainer.step(1, indices(12)).kl == 0.0);
  }
  TrainerFixture plain(kInput + R"({"type": "flatten"}, {"type": "dense", "units": 3}]})",
                       small_spec());
  CHECK(plain.trainer.kl() == 0.0);
}

TEST_CASE("two examples of 4 x 4 x 3 under an even kernel equal the explicit formula") {
  const NaiveWindow w{{4, 4, 3}, 5, {2, 2}, {1, 1}, {1, 1}, Padding::same};
  const std::pair<std::string, NaiveEstimator> types[] = {
      {"conv2d_flipout", NaiveEstimator::flipout},
      {"conv2d_reparameterization", NaiveEstimator::reparameterization},
      {"conv2d_local_reparameterization", NaiveEstimator::local_reparameterization}};
  for (const auto& [type, estimator] : types) {
    INFO(type);
    const MadeLayer made =
        make_layer_from(conv_text(type, w, "linear", kSampledBias + R"(, "seed": 44)"), {w.input});
    LayerRun run(made, 2);
    NaivePass pass = run.naive_pass();
    pass.noise.seed = 44;
    pass.layer = 0;
    const auto naive = naive_weights_layer(w, "linear", made.layout, pass, estimator);
    CHECK(worst_error(run.forward(), naive(run.naive_state())) < 2e-6);
  }
}

TEST_CASE("layers with different seeds differ under one draw of the weights, equal seeds agree") {
  const NaiveWindow w{{4, 4, 3}, 5, {2, 2}};
  for (const std::string& estimator : kEstimators) {
    if (estimator == "reparameterization") continue;  // examples have no noise of their own
    INFO(estimator);
    const auto output = [&](bool conv, const std::string& seed, std::uint64_t run_seed) {
      const std::string keys = estimator_key(estimator) + ", \"seed\": " + seed;
      const MadeLayer made =
          conv ? make_layer_from(conv_text("conv2d_flipout", w, "linear", keys), {w.input})
               : make_layer_from(dense_text("dense_flipout", 40, "linear", keys), {flat_shape(6)});
      LayerRun run(made, 2);
      run.pass.noise.seed = run_seed;
      return to_numbers(run.forward());
    };
    for (const bool conv : {true, false}) {
      const Numbers a = output(conv, "44", 9), b = output(conv, "45", 9);
      std::size_t close = 0;
      for (std::size_t i = 0; i < a.size(); ++i) {
        close += std::abs(a[i] - b[i]) < 1e-6 * std::abs(a[i]) ? 1u : 0u;
      }
      CHECK(close < a.size() / 2);
      CHECK(output(conv, "44", 10) == a);  // a layer's own seed, whatever the run's
      CHECK(output(conv, "null", 10) != output(conv, "null", 9));
    }
  }
}

TEST_CASE("signs of inputs and outputs differ under one seed with as many channels as filters") {
  // With D = 1 on the diagonal and x = 1, output f is the product of the two signs of f.
  const MadeLayer made = make_layer_from(
      dense_text("dense_flipout", 64, "linear", R"(, "seed": 44)"), {flat_shape(64)});
  LayerRun run(made, 2);
  run.parameters.assign(run.parameters.size(), 0.0f);
  run.draws.assign(run.draws.size(), 0.0f);
  for (std::size_t i = 0; i < 64; ++i) {
    run.draws[made.layout.variables()[1].slice.offset + 65 * i] = 1.0f;
  }
  run.inputs[0].assign(run.inputs[0].size(), 1.0f);
  const auto y = run.forward();
  const auto positive = std::count(y.begin(), y.end(), 1.0f);
  CHECK(std::count(y.begin(), y.end(), -1.0f) == 128 - positive);
  CHECK((positive > 32 && positive < 96));
}

TEST_CASE("two layers of one seed see the same signs, and without it others") {
  for (const bool same : {true, false}) {
    const std::string seed = same ? R"(, "seed": 7)" : "";
    const Graph graph = make_graph(kInput + R"({"type": "flatten", "name": "flat"},
        {"type": "dense_flipout", "name": "a", "units": 20, "inputs": ["flat"])" +
                                   seed +
                                   R"(},
        {"type": "dense_flipout", "name": "b", "units": 20, "inputs": ["flat"])" +
                                   seed + R"(}, {"type": "concatenate", "inputs": ["a", "b"]}]})");
    Batch batch(graph);
    const auto& variables = graph.layout().variables();
    const auto copy = [&](AlignedArray& array, const std::string& suffix) {
      const Slice from = variables[variable_index(graph.layout(), "a/" + suffix)].slice;
      const Slice to = variables[variable_index(graph.layout(), "b/" + suffix)].slice;
      std::copy_n(array.data() + from.offset, from.size, array.data() + to.offset);
    };
    copy(batch.parameters, "kernel_posterior_loc");
    copy(batch.parameters, "bias_posterior_loc");
    copy(batch.draws, "kernel_posterior_untransformed_scale");
    const auto logits = inference_logits(batch);
    for (std::size_t b = 0; b < kBatchExamples; ++b) {
      const std::span<const float> row(logits.data() + 40 * b, 40);
      CHECK(std::equal(row.begin(), row.begin() + 20, row.begin() + 20) == same);
    }
  }
}

namespace {

// Adam's first moments after a step show that a gradient reached every variable; then the loss
// halves.
void check_training(const std::string& model, std::size_t variables) {
  TrainingSpec spec = small_spec();
  spec.kl.weight = 0.0;  // so that every gradient comes through the layers
  spec.optimizer = adam_optimizer({.learning_rate = 0.02});
  TrainerFixture f(model, spec);
  CHECK(f.graph.nodes()[static_cast<std::size_t>(f.graph.output())].shape == flat_shape(3));
  f.trainer.step(1, indices(12));
  REQUIRE(f.graph.layout().variables().size() == variables);
  for (const Variable& variable : f.graph.layout().variables()) {
    INFO(variable.name);
    const auto m = f.values(f.state("m"), variable.name);
    CHECK(std::count(m.begin(), m.end(), 0.0f) < static_cast<std::ptrdiff_t>(m.size() / 2 + 1));
  }
  double before = 0.0, after = 0.0;
  for (std::uint64_t step = 2; step <= 150; ++step) {
    const double nll = f.trainer.step(step, indices(12)).nll;
    if (step <= 11) before += nll;
    if (step > 140) after += nll;
  }
  CHECK(after < 0.5 * before);
}

}  // namespace

TEST_CASE("small networks of further convolutions train, and gradients reach every variable") {
  check_training(kInput + R"(
      {"type": "depthwise_conv2d_flipout", "kernel_size": 2, "padding": "same",
       "depth_multiplier": 3, "activation": "tanh"},
      {"type": "separable_conv2d_flipout", "filters": 5, "kernel_size": 3, "activation": "tanh"},
      {"type": "conv2d_transpose_flipout", "filters": 4, "kernel_size": 2, "strides": 2,
       "activation": "tanh"},
      {"type": "separable_conv2d_local_reparameterization", "filters": 4, "kernel_size": 2,
       "activation": "tanh"},
      {"type": "flatten"},
      {"type": "dense_flipout", "units": 3}]})",
                 3 + 5 + 3 + 5 + 3);
}

TEST_CASE("small networks of all estimators train, and gradients reach every variable") {
  check_training(kInput + R"(
      {"type": "conv2d_reparameterization", "filters": 4, "kernel_size": 3, "padding": "same",
       "activation": "tanh"},
      {"type": "conv2d_flipout", "filters": 4, "kernel_size": 1, "activation": "tanh"},
      {"type": "conv2d_local_reparameterization", "filters": 4, "kernel_size": 2,
       "activation": "tanh"},
      {"type": "flatten"},
      {"type": "dense_reparameterization", "units": 6, "activation": "tanh"},
      {"type": "dense_flipout", "units": 6, "activation": "tanh"},
      {"type": "dense_flipout", "units": 6, "activation": "tanh", "estimator": "independent"},
      {"type": "dense_local_reparameterization", "units": 3}]})",
                 7 * 3);
}
