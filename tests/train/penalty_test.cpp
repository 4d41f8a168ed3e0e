// Regularizers of variables and outputs, constraints and frozen parameters in the trainer.

#include <cmath>

#include <catch2/catch.hpp>

#include "support/layer_fixture.h"
#include "support/trainer_fixture.h"

using namespace bnn;
using namespace bnn::testing;

namespace {

const std::string kInput = R"({"input": {"height": 4, "width": 4, "channels": 2}, "layers": [)";

// Without KL and with one step, Adam's first moment is a tenth of the gradient.
std::vector<float> first_gradient(const std::string& model, double& penalty, double& loss) {
  TrainingSpec spec = small_spec();
  spec.kl.weight = 0.0;
  TrainerFixture f(model, spec);
  const StepStats stats = f.trainer.step(1, indices(12));
  penalty = stats.penalty;
  loss = stats.nll / 12;
  std::vector<float> gradient;
  for (const float m : f.state("m").span()) gradient.push_back(10.0f * m);
  return gradient;
}

std::string regularized(const std::string& regularizer, const std::string& more = "") {
  return kInput + R"({"type": "flatten"}, {"type": "dense", "name": "hidden", "units": 6,
      "activation": "tanh")" +
         regularizer + R"(}, {"type": "dense_flipout", "name": "logits", "units": 3)" + more +
         "}]}";
}

}  // namespace

TEST_CASE("regularizers of variables add their value and gradient to the loss") {
  const std::string first =
      R"(, "kernel_regularizer": {"l1": 0.3, "l2": 0.2}, "bias_regularizer": {"l2": 0.4})";
  const std::string second = R"(, "kernel_posterior_fn": {"loc_regularizer": {"l2": 0.5},
      "untransformed_scale_regularizer": {"l1": 0.01}})";
  double penalty = 0.0, none = 1.0, loss = 0.0, plain_loss = 0.0;
  const auto with = first_gradient(regularized(first, second), penalty, loss);
  const auto without = first_gradient(regularized(""), none, plain_loss);
  TrainerFixture f(regularized(first, second), small_spec());
  const std::pair<std::string, Regularizer> variables[] = {
      {"hidden/kernel", {0.3, 0.2}},
      {"hidden/bias", {0.0, 0.4}},
      {"logits/kernel_posterior_loc", {0.0, 0.5}},
      {"logits/kernel_posterior_untransformed_scale", {0.01, 0.0}},
      {"logits/bias_posterior_loc", {0.0, 0.0}}};
  double expected = 0.0;
  for (const auto& [name, r] : variables) {
    INFO(name);
    const auto values = f.parameter(name);
    Numbers added;
    for (std::size_t i = 0; i < values.size(); ++i) {
      const double x = values[i];
      expected += r.l1 * std::abs(x) + r.l2 * x * x;
      added.push_back(without[f.slice(name).offset + i] +
                      r.l1 * (x > 0   ? 1
                              : x < 0 ? -1
                                      : 0) +
                      2 * r.l2 * x);
    }
    CHECK(worst_error(std::span(with).subspan(f.slice(name).offset, values.size()), added) < 1e-5);
  }
  CHECK(penalty == Approx(expected).epsilon(1e-6));
  CHECK(none == 0.0);
  CHECK(loss == plain_loss);
}

TEST_CASE("frozen variables count in the penalty and stay") {
  TrainerFixture f(regularized(R"(, "trainable": false, "kernel_regularizer": {"l2": 0.2})"),
                   small_spec());
  const auto kernel = f.parameter("hidden/kernel");
  const std::vector<float> before(kernel.begin(), kernel.end());
  double expected = 0.0;
  for (const float x : before) expected += 0.2 * x * x;
  CHECK(f.trainer.step(1, indices(12)).penalty == Approx(expected).epsilon(1e-6));
  CHECK(same_bits(before, f.parameter("hidden/kernel")));
}

TEST_CASE("frozen posteriors still sample and still count in the KL") {
  const std::string model = kInput + R"({"type": "flatten"}, {"type": "dense_flipout",
      "name": "logits", "units": 3, "trainable": false, "kernel_posterior_fn":
      {"untransformed_scale_initializer": {"type": "constant", "value": 0}}}]})";
  TrainerFixture f(model, small_spec());
  const StepStats one = f.trainer.step(1, indices(12)), two = f.trainer.step(2, indices(12));
  CHECK(std::abs(one.nll - two.nll) > 0.1);
  CHECK(one.kl == Approx(exact_kl(f, "logits/kernel")).epsilon(1e-6));
  CHECK(one.kl == two.kl);
}

namespace {

// The loss of a batch under frozen noise, penalties of outputs included.
struct ActivityFixture {
  Graph graph;
  SoftmaxClassifier likelihood;
  Dataset data = random_dataset({4, 4, 2, false}, 3, 30, 1);
  TrainingLoader loader{data, indices(30), plain_pixels(data.shape()), {}, 5};
  ThreadPool pool{1};
  BatchGradient batch;
  AlignedArray parameters;

  ActivityFixture(const std::string& model, const TrainingSpec& spec)
      : graph(make_graph(model)),
        likelihood(classifier_of(graph)),
        batch(graph, likelihood, Targets(data.labels()), spec, loader, pool),
        parameters(graph.layout().size()) {
    initialize_parameters(graph.layout(), 3, parameters);
  }
  BatchLoss loss() { return batch.compute(parameters.data(), 1, indices(7)); }
  double mean() {
    const BatchLoss sums = loss();
    return (sums.nll + sums.activity_penalty) / 7;
  }
};

}  // namespace

TEST_CASE("regularizers of outputs add their value and gradient to the loss") {
  const std::string model = kInput + R"(
      {"type": "conv2d_flipout", "name": "conv", "filters": 2, "kernel_size": 2,
       "activation": "softplus", "activity_regularizer": {"l1": 0.1, "l2": 0.3}},
      {"type": "flatten"},
      {"type": "dense_reparameterization", "name": "hidden", "units": 5, "activation": "tanh",
       "activity_regularizer": {"l2": 2.0}},
      {"type": "dense", "name": "logits", "units": 3, "activity_regularizer": {"l2": 0.5}}]})";
  for (const int samples : {1, 2}) {
    TrainingSpec spec = small_spec();
    spec.samples = samples;
    ActivityFixture f(model, spec);
    f.loss();
    const std::vector<float> gradient(f.batch.gradient().begin(), f.batch.gradient().end());
    for (const Variable& variable : f.graph.layout().variables()) {
      double largest = 0.0;
      for (std::size_t i = 0; i < variable.slice.size; i += 3) {
        float& x = f.parameters.data()[variable.slice.offset + i];
        const float middle = x;
        constexpr float kStep = 0x1p-5f;
        const auto at = [&](float offset) {
          x = middle + offset;
          return f.mean();
        };
        const double near = at(kStep) - at(-kStep), far = at(2 * kStep) - at(-2 * kStep);
        x = middle;
        const double expected = (8 * near - far) / (12 * double{kStep});
        INFO(variable.name << "[" << i << "]");
        CHECK(gradient[variable.slice.offset + i] == Approx(expected).epsilon(2e-3).margin(1e-3));
        largest = std::max(largest, std::abs(expected));
      }
      INFO(variable.name);
      CHECK(largest > 5e-3);
    }
  }
}

TEST_CASE("the penalty on outputs is that of the numbers after the activation, a mean an example") {
  // The logits of zero images are the bias, whose softplus is known.
  const std::string model = kInput + R"({"type": "flatten"}, {"type": "dense", "name": "logits",
      "units": 3, "activation": "softplus", "kernel_initializer": "zeros",
      "bias_initializer": {"type": "constant", "value": -1},
      "activity_regularizer": {"l1": 0.5, "l2": 0.25}}]})";
  const double y = std::log1p(std::exp(-1.0));
  for (const int samples : {1, 3}) {
    TrainingSpec spec = small_spec();
    spec.samples = samples;
    for (const std::size_t batch : {1u, 7u, 12u}) {
      TrainerFixture f(model, spec);
      CHECK(f.trainer.step(1, indices(batch)).penalty ==
            Approx(3 * (0.5 * y + 0.25 * y * y)).epsilon(1e-6));
    }
  }
}

namespace {

const std::string kEverything = kInput + R"(
    {"type": "conv2d_flipout", "name": "conv", "filters": 4, "kernel_size": 3, "padding": "same",
     "data_format": "channels_first", "activation": "tanh", "activity_regularizer": {"l1": 0.01},
     "kernel_posterior_fn": {"loc_constraint": {"type": "max_norm", "max": 0.3},
                             "untransformed_scale_constraint": {"type": "clip", "max": -3.0}}},
    {"type": "conv2d_local_reparameterization", "name": "local", "filters": 4, "kernel_size": 3,
     "padding": "same", "data_format": "channels_first", "activation": "swish"},
    {"type": "concatenate", "name": "both", "axis": 1, "inputs": ["conv", "local"]},
    {"type": "dropout", "rate": 0.25}, {"type": "flatten"},
    {"type": "dense_flipout", "name": "wide", "units": 128, "activation": "tanh",
     "kernel_prior_fn": {"trainable": true}, "bias_posterior_fn": {"is_singular": false}},
    {"type": "dense_flipout", "name": "wide", "reuse": true, "activation": "relu"},
    {"type": "dense_reparameterization", "name": "one", "units": 9, "activation": "tanh",
     "kernel_prior_fn": {"type": "laplace"}},
    {"type": "dense", "name": "norm", "units": 6, "kernel_constraint": "unit_norm",
     "bias_constraint": "non_neg", "kernel_regularizer": {"l2": 0.1}},
    {"type": "dense_flipout", "name": "logits", "units": 3, "estimator": "independent",
     "kernel_divergence_fn": {"type": "monte_carlo", "samples": 2}}]})";

}  // namespace

TEST_CASE("constraints hold after every step, and bits do not depend on the threads") {
  std::vector<float> expected;
  std::vector<double> losses;
  for (const int threads : {1, 2, 3}) {
    TrainingSpec spec = small_spec();
    spec.samples = 2;
    spec.optimizer = adam_optimizer({.learning_rate = 0.05, .epsilon = 0.05});
    TrainerFixture f(kEverything, spec, threads);
    std::vector<double> seen;
    for (std::uint64_t step = 1; step <= 4; ++step) {
      const StepStats stats = f.trainer.step(step, indices(11));
      seen.insert(seen.end(), {stats.nll, stats.kl, stats.penalty});
      const auto norms = [&](const std::string& name, std::size_t columns) {
        Numbers squares(columns, 0.0);
        const auto values = f.parameter(name);
        for (std::size_t i = 0; i < values.size(); ++i) {
          squares[i % columns] += static_cast<double>(values[i]) * values[i];
        }
        return squares;
      };
      for (const double square : norms("conv/kernel_posterior_loc", 4)) {
        CHECK(std::sqrt(square) <= 0.3 + 1e-5);
      }
      for (const double square : norms("norm/kernel", 6)) CHECK(square == Approx(1).epsilon(1e-5));
      for (const float u : f.parameter("conv/kernel_posterior_untransformed_scale")) {
        REQUIRE(u <= -3.0f);
      }
      for (const float b : f.parameter("norm/bias")) CHECK(b >= 0.0f);
    }
    const auto parameters = f.trainer.parameters().span();
    if (threads == 1) {
      expected.assign(parameters.begin(), parameters.end());
      losses = seen;
    }
    CHECK(same_bits(expected, parameters));
    CHECK(seen == losses);
  }
}
