#include "bnn/train/trainer.h"

#include <cmath>
#include <limits>
#include <optional>

#include <catch2/catch.hpp>

#include "bnn/train/ivon.h"
#include "support/naive_flipout.h"
#include "support/trainer_fixture.h"

using namespace bnn;
using namespace bnn::testing;

namespace {

// The training step in double, from the formulas in trainer.h and adam.h.
struct NaiveTrainer {
  const Graph& graph;
  NaiveFlipout network;
  const Dataset& data;
  TrainingSpec spec;
  double examples_in_all;
  Flat p = {}, m = {}, v = {}, gradient = {};
  double nll = 0, correct = 0, kl = 0;

  void step(std::uint32_t t, const std::vector<std::uint32_t>& examples) {
    gradient.assign(p.size(), 0.0);
    nll = correct = 0;
    for (std::uint32_t sample = 0; sample < static_cast<std::uint32_t>(spec.samples); ++sample) {
      run_sample(t * static_cast<std::uint32_t>(spec.samples) + sample, examples);
    }
    kl = network.add_kl(p, spec.kl.weight / examples_in_all, gradient);
    clip();
    update(t);
  }

  void run_sample(std::uint32_t draw, const std::vector<std::uint32_t>& examples) {
    network.draw(p, {.seed = spec.seed, .draw = draw});
    Flat sum(p.size());
    for (std::uint32_t b = 0; b < examples.size(); ++b) {
      Flat z = network.forward(p, naive_image(data, examples[b]), b);
      const auto label = static_cast<std::size_t>(data.labels()[examples[b]]);
      const bool right = z[label] == *std::max_element(z.begin(), z.end());
      Flat q = naive_softmax(std::move(z));
      nll -= std::log(q[label]) / spec.samples;
      correct += right ? 1.0 / spec.samples : 0.0;
      q[label] -= 1.0;
      for (double& value : q) value /= static_cast<double>(examples.size()) * spec.samples;
      network.backward(p, std::move(q), sum);
    }
    network.to_scale_gradient(p, sum);
    for (std::size_t i = 0; i < sum.size(); ++i) gradient[i] += sum[i];
  }

  template <typename Action>
  void for_each_trained(const Action& action) {
    for (const Variable& variable : graph.layout().variables()) {
      if (!variable.trainable) continue;
      for (std::size_t i = 0; i < variable.slice.size; ++i) action(variable.slice.offset + i);
    }
  }

  void clip() {
    double square = 0;
    for_each_trained([&](std::size_t i) { square += gradient[i] * gradient[i]; });
    if (spec.gradient_clip_norm <= 0.0 || std::sqrt(square) <= spec.gradient_clip_norm) return;
    for (double& g : gradient) g *= spec.gradient_clip_norm / std::sqrt(square);
  }

  void update(std::uint32_t t) {
    const AdamSpec& a = kSmallAdam;
    for_each_trained([&](std::size_t i) {
      m[i] = a.beta_1 * m[i] + (1 - a.beta_1) * gradient[i];
      v[i] = a.beta_2 * v[i] + (1 - a.beta_2) * gradient[i] * gradient[i];
      const double mean = m[i] / (1 - std::pow(a.beta_1, t));
      const double square = v[i] / (1 - std::pow(a.beta_2, t));
      p[i] -= a.learning_rate * mean / (std::sqrt(square) + a.epsilon);
    });
  }
};

// A model of 4 x 4 x 2 images: two dense layers, the first with more than a chunk of weights.
const std::string kInput = R"({"input": {"height": 4, "width": 4, "channels": 2}, "layers": [)";
const std::string kDense = kInput + R"({"type": "flatten"},
    {"type": "dense_flipout", "name": "hidden", "units": 300, "activation": "tanh",
     "kernel_prior_fn": {"loc": 0.1, "scale": 0.5}},
    {"type": "dense_flipout", "name": "logits", "units": 3}]})";
const std::string kConv = kInput + R"(
    {"type": "conv2d_flipout", "name": "conv", "filters": 5, "kernel_size": 3, "padding": "same",
     "activation": "tanh", "bias_posterior_fn": {"is_singular": false},
     "bias_prior_fn": {"scale": 2.0}},
    {"type": "flatten"}, {"type": "dense_flipout", "name": "logits", "units": 3}]})";
const std::string kFrozen = kInput + R"({"type": "flatten"},
    {"type": "dense_flipout", "name": "hidden", "units": 300, "activation": "tanh",
     "trainable": false},
    {"type": "dense_flipout", "name": "logits", "units": 3}]})";

std::vector<NaiveFlipoutLayer> dense_layers() {
  return {naive_dense("hidden", 2, 32, 300, true), naive_dense("logits", 3, 300, 3, false)};
}

std::vector<NaiveFlipoutLayer> conv_layers() {
  return {{"conv", 1, 4, 4, 2, 5, 3, true}, naive_dense("logits", 3, 80, 3, false)};
}

// The largest difference, relative to the largest number.
double difference(std::span<const float> a, const Flat& b) {
  double worst = 0, largest = 1e-30;
  for (std::size_t i = 0; i < b.size(); ++i) {
    worst = std::max(worst, std::fabs(static_cast<double>(a[i]) - b[i]));
    largest = std::max(largest, std::fabs(b[i]));
  }
  return worst / largest;
}

// Runs three steps on both, with batches of the given size.
void compare(const std::string& model, const std::vector<NaiveFlipoutLayer>& layers,
             const TrainingSpec& spec, std::size_t batch) {
  TrainerFixture f(model, spec);
  NaiveTrainer naive{f.graph, NaiveFlipout(f.graph, layers), f.data, spec, 30.0};
  naive.p.assign(f.trainer.parameters().span().begin(), f.trainer.parameters().span().end());
  naive.m = naive.v = Flat(naive.p.size());
  for (std::uint32_t t = 1; t <= 3; ++t) {
    const auto examples = indices(batch, t);
    const StepStats stats = f.trainer.step(t, examples);
    naive.step(t, examples);
    CHECK(stats.examples == batch);
    CHECK(stats.nll == Approx(naive.nll).epsilon(1e-5));
    CHECK(stats.correct == Approx(naive.correct));
    CHECK(stats.kl == Approx(naive.kl).epsilon(1e-5));
    CHECK(stats.kl_weight == spec.kl.weight);
    CHECK(difference(f.state("m").span(), naive.m) < 2e-5);
    CHECK(difference(f.state("v").span(), naive.v) < 5e-5);
    CHECK(difference(f.trainer.parameters().span(), naive.p) < 1e-5);
  }
}

}  // namespace

TEST_CASE("three steps of a dense flipout network agree with plain loops in double") {
  compare(kDense, dense_layers(), small_spec(), 12);
}

TEST_CASE("three steps of a convolutional flipout network agree with plain loops in double") {
  compare(kConv, conv_layers(), small_spec(), 12);
}

TEST_CASE("several samples a step average the gradients of as many draws") {
  TrainingSpec spec = small_spec();
  spec.samples = 2;
  compare(kConv, conv_layers(), spec, 12);
  spec.samples = 3;
  compare(kDense, dense_layers(), spec, 5);
}

TEST_CASE("a last batch, and one smaller than the shards, is averaged over its own examples") {
  compare(kConv, conv_layers(), small_spec(), 7);
  compare(kConv, conv_layers(), small_spec(), 3);
  compare(kDense, dense_layers(), small_spec(), 1);
}

TEST_CASE("the gradient is clipped to a norm over all trained parameters") {
  TrainingSpec spec = small_spec();
  spec.gradient_clip_norm = 0.05;
  compare(kConv, conv_layers(), spec, 12);
  spec.gradient_clip_norm = 1e6;  // above the norm: nothing changes
  compare(kConv, conv_layers(), spec, 12);
}

TEST_CASE("frozen parameters stay, and count in the KL but not in the clipped norm") {
  TrainingSpec spec = small_spec();
  spec.gradient_clip_norm = 0.05;
  compare(kFrozen, dense_layers(), spec, 12);

  TrainerFixture f(kFrozen, small_spec());
  const std::string scale = "hidden/kernel_posterior_untransformed_scale";
  const std::string loc = "hidden/kernel_posterior_loc";
  const auto span = f.values(f.trainer.parameters(), loc);
  const std::vector<float> before(span.begin(), span.end());
  f.trainer.step(1, indices(12));
  for (const std::string& name : {loc, scale}) {
    for (float m : f.values(f.state("m"), name)) REQUIRE(m == 0.0f);
    for (float v : f.values(f.state("v"), name)) REQUIRE(v == 0.0f);
  }
  // Not even moments of an earlier run, in which they were trained, move them.
  for (float& m : f.state("m").span()) m = 0.1f;
  f.trainer.step(2, indices(12));
  CHECK(same_bits(before, f.values(f.trainer.parameters(), loc)));
}

TEST_CASE("a network with nothing to train runs and stays as it is") {
  const std::string all_frozen = kInput + R"({"type": "flatten"},
      {"type": "dense_flipout", "name": "logits", "units": 3, "trainable": false}]})";
  TrainerFixture f(all_frozen, small_spec());
  const auto span = f.trainer.parameters().span();
  const std::vector<float> before(span.begin(), span.end());
  const StepStats stats = f.trainer.step(1, indices(12));
  CHECK(stats.kl > 0);
  CHECK(std::isfinite(stats.nll));
  CHECK(same_bits(before, f.trainer.parameters().span()));
}

TEST_CASE("kl() is the KL of the current parameters") {
  TrainerFixture f(kConv, small_spec());
  const double kl = f.trainer.kl();
  Flat p(f.trainer.parameters().span().begin(), f.trainer.parameters().span().end()), unused = p;
  CHECK(kl == Approx(NaiveFlipout(f.graph, conv_layers()).add_kl(p, 0.0, unused)).epsilon(1e-6));
  CHECK(f.trainer.step(1, indices(12)).kl == kl);
  CHECK(f.trainer.kl() != kl);
}

TEST_CASE("schedules reach the step") {
  TrainingSpec spec = small_spec();
  spec.schedule.warmup_epochs = 2;
  spec.kl.annealing_epochs = 4;
  TrainerFixture f(kConv, spec);
  CHECK(f.trainer.steps_per_epoch() == 3);  // 30 examples in batches of 12
  const StepStats stats = f.trainer.step(2, indices(12));
  CHECK(stats.learning_rate == Approx(0.01 * 2 / 6));
  CHECK(stats.kl_weight == Approx(0.7 * 2 / 12));
}

TEST_CASE("what is not finite stops the run and names the first layer that it reached") {
  for (const bool clips : {false, true}) {
    TrainingSpec spec = small_spec();
    spec.gradient_clip_norm = clips ? 1.0 : 0.0;
    for (const std::string name : {"conv", "logits"}) {
      TrainerFixture f(kConv, spec);
      const std::string variable = name + "/bias_posterior_loc";
      f.trainer.parameters().data()[f.values(f.trainer.parameters(), variable).data() -
                                    f.trainer.parameters().data()] =
          std::numeric_limits<float>::quiet_NaN();
      const std::string message =
          error_message(ErrorKind::numerical, [&] { f.trainer.step(4, indices(12)); });
      CHECK(message.find("step 4: the output of layer \"" + name + "\"") == 0);
    }
  }
}

TEST_CASE("what stops a run names the key that clips the steps of its optimizer") {
  const auto advice = [](const OptimizerSpec& optimizer) {
    TrainingSpec spec = small_spec();
    spec.optimizer = optimizer;
    TrainerFixture f(kConv, spec);
    f.values(f.trainer.parameters(), "conv/bias_posterior_loc")[0] =
        std::numeric_limits<float>::infinity();
    const std::string message =
        error_message(ErrorKind::numerical, [&] { f.trainer.step(1, indices(12)); });
    return message.substr(message.find("warm-up or ") + 11);
  };
  CHECK(advice(adam_optimizer({})) == "gradient_clip_norm may help");
  CHECK(advice(ivon_optimizer({})) == "clip_radius may help");  // it refuses the other
}

TEST_CASE("a KL that is not finite stops the run") {
  // With a scale this small the logits stay finite, but the gradient of (mu - m)^2 / s^2 does not.
  TrainerFixture f(
      kInput + R"({"type": "flatten"}, {"type": "dense_flipout", "name": "logits", "units": 3,
      "kernel_prior_fn": {"loc": 1e12, "scale": 1e-15}}]})",
      small_spec());
  const std::string message =
      error_message(ErrorKind::numerical, [&] { f.trainer.step(1, indices(12)); });
  CHECK(message.find("step 1: the gradient, a penalty or the KL is not finite") == 0);
}

TEST_CASE("a gradient whose square no float holds stops the run unless it is clipped") {
  const std::string model =
      kInput + R"({"type": "flatten"}, {"type": "dense_flipout", "name": "logits", "units": 3,
      "kernel_prior_fn": {"loc": 1.0, "scale": 1e-12}}]})";
  TrainerFixture f(model, small_spec());
  const std::string message =
      error_message(ErrorKind::numerical, [&] { f.trainer.step(1, indices(12)); });
  CHECK(message.find("step 1: the gradient has a norm of ") == 0);
  TrainingSpec clipped = small_spec();
  clipped.gradient_clip_norm = 1.0;
  TrainerFixture g(model, clipped);
  CHECK_NOTHROW(g.trainer.step(1, indices(12)));
}
