// Trainable priors: their gradients, and what the trainer does with them.

#include "bnn/train/parameter_loss.h"

#include <cmath>

#include <catch2/catch.hpp>

#include "support/layer_fixture.h"
#include "support/trainer_fixture.h"

using namespace bnn;
using namespace bnn::testing;

namespace {

const std::string kInput = R"({"input": {"height": 4, "width": 4, "channels": 2}, "layers": [)";
const std::string kTrained =
    R"(, "kernel_prior_fn": {"loc": 0.2, "scale": 0.7, "trainable": true})";

// 32 x 700 weights: three chunks, the last one shorter.
const std::string kLarge =
    kInput + R"({"type": "flatten"}, {"type": "dense_flipout", "name": "large", "units": 700)" +
    kTrained + R"(}, {"type": "dense_flipout", "name": "logits", "units": 3)" + kTrained + "}]}";

struct PriorState {
  double loc, scale;
};

PriorState prior_of(TrainerFixture& f, const std::string& layer) {
  return {f.parameter(layer + "/kernel_prior_loc")[0],
          f.parameter(layer + "/kernel_prior_scale")[0]};
}

double kernel_kl(TrainerFixture& f, const std::string& layer, const PriorState& p) {
  return exact_kl(f, layer + "/kernel", p.scale, p.loc);
}

// The prior with the least KL: its mean that of the means, its variance the mean of sigma² and of
// the squared distances of the means.
PriorState best_prior(TrainerFixture& f, const std::string& layer) {
  const auto mu = f.parameter(layer + "/kernel_posterior_loc");
  const auto u = f.parameter(layer + "/kernel_posterior_untransformed_scale");
  double mean = 0.0, variance = 0.0;
  for (const float m : mu) mean += m / static_cast<double>(mu.size());
  for (std::size_t i = 0; i < mu.size(); ++i) {
    const double q = exact_sigma(u[i]), d = mu[i] - mean;
    variance += (q * q + d * d) / static_cast<double>(mu.size());
  }
  return {mean, std::sqrt(variance)};
}

}  // namespace

TEST_CASE("gradients for trainable priors match differences of the KL over several chunks") {
  TrainerFixture f(kLarge, small_spec());
  const auto chunks = cut_into_chunks(f.graph.layout());
  REQUIRE(chunks.size() > 4);
  ParameterLoss loss(f.graph.layout(), chunks, 5, 1);
  AlignedArray gradient(f.graph.layout().size());
  for (float& g : gradient.span()) g = 0.0f;
  // A prior that has moved from the config's values.
  f.parameter("large/kernel_prior_loc")[0] = -0.3f;
  f.parameter("large/kernel_prior_scale")[0] = 0.4f;
  loss.begin(f.trainer.parameters().data(), 1);
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    loss.add_gradient(i, 0, f.trainer.parameters().data(), 0.25f, gradient.data());
  }
  loss.finish(0.25f, gradient.data());
  double kl = 0.0;
  for (const std::string layer : {"large", "logits"}) {
    const PriorState at = prior_of(f, layer);
    kl += kernel_kl(f, layer, at);
    constexpr double kStep = 1e-5;
    const double by_loc = (kernel_kl(f, layer, {at.loc + kStep, at.scale}) -
                           kernel_kl(f, layer, {at.loc - kStep, at.scale})) /
                          (2 * kStep);
    const double by_log_scale = (kernel_kl(f, layer, {at.loc, at.scale * std::exp(kStep)}) -
                                 kernel_kl(f, layer, {at.loc, at.scale * std::exp(-kStep)})) /
                                (2 * kStep);
    CHECK(f.values(gradient, layer + "/kernel_prior_loc")[0] ==
          Approx(0.25 * by_loc).epsilon(1e-5));
    CHECK(f.values(gradient, layer + "/kernel_prior_scale")[0] ==
          Approx(0.25 * by_log_scale).epsilon(1e-5));
    // The posterior is drawn to where the prior is now.
    const auto mu = f.parameter(layer + "/kernel_posterior_loc");
    const auto pull = f.values(gradient, layer + "/kernel_posterior_loc");
    Numbers expected;
    for (const float m : mu) expected.push_back(0.25 * (m - at.loc) / (at.scale * at.scale));
    CHECK(worst_error(pull, expected) < 1e-6);
  }
  CHECK(loss.kl() == Approx(kl).epsilon(1e-6));
}

TEST_CASE("a trainable prior converges to the best one for a posterior that stands still") {
  // Every step moves the posterior; it is put back.
  TrainingSpec spec = small_spec();
  spec.kl.weight = 1.0;
  spec.optimizer = adam_optimizer({.learning_rate = 0.05});
  spec.schedule.kind = ScheduleSpec::Kind::cosine;
  spec.epochs = 200;  // of three steps
  const std::string model = kInput + R"({"type": "flatten"},
      {"type": "dense_flipout", "name": "logits", "units": 3, "kernel_prior_fn":
       {"loc": 0.5, "scale": 2.0, "trainable": true}}]})";
  TrainerFixture f(model, spec);
  const std::string names[] = {"logits/kernel_posterior_loc",
                               "logits/kernel_posterior_untransformed_scale"};
  std::vector<std::vector<float>> still;
  for (const std::string& name : names) {
    const auto values = f.parameter(name);
    still.emplace_back(values.begin(), values.end());
  }
  const PriorState best = best_prior(f, "logits");
  for (std::uint64_t step = 1; step <= 600; ++step) {
    f.trainer.step(step, indices(12));
    for (std::size_t k = 0; k < 2; ++k) {
      std::copy(still[k].begin(), still[k].end(), f.parameter(names[k]).begin());
    }
    REQUIRE(prior_of(f, "logits").scale > 0.0);
  }
  CHECK(prior_of(f, "logits").loc == Approx(best.loc).margin(2e-3));
  CHECK(prior_of(f, "logits").scale == Approx(best.scale).epsilon(0.01));
}

TEST_CASE("a prior's scale takes Adam's step in its logarithm") {
  TrainingSpec spec = small_spec();
  spec.optimizer = adam_optimizer({.learning_rate = 0.1, .epsilon = 1e-12});
  TrainerFixture f(kLarge, spec);
  const PriorState before = prior_of(f, "large"), best = best_prior(f, "large");
  f.trainer.step(1, indices(12));
  const PriorState after = prior_of(f, "large");
  // The first step is the learning rate, whatever the gradient.
  CHECK(std::abs(after.loc - before.loc) == Approx(0.1).epsilon(1e-4));
  CHECK(std::abs(std::log(after.scale / before.scale)) == Approx(0.1).epsilon(1e-4));
  CHECK((after.loc < before.loc) == (best.loc < before.loc));
  CHECK((after.scale < before.scale) == (best.scale < before.scale));
}

TEST_CASE("the gradient's norm has the parts of trainable priors") {
  TrainingSpec spec = small_spec();
  spec.gradient_clip_norm = 1e-3;
  TrainerFixture f(kLarge, spec);
  f.trainer.step(1, indices(12));
  double square = 0.0;
  for (const float m : f.state("m").span()) square += std::pow(double{m} / 0.1, 2);
  CHECK(std::sqrt(square) == Approx(1e-3).epsilon(1e-4));
}

TEST_CASE("a frozen layer's trainable prior stays") {
  TrainerFixture f(kInput + R"({"type": "flatten"}, {"type": "dense_flipout", "name": "logits",
      "units": 3, "trainable": false)" +
                       kTrained + "}]}",
                   small_spec());
  const double kl = kernel_kl(f, "logits", {0.2, 0.7});
  CHECK(f.trainer.step(1, indices(12)).kl == Approx(kl).epsilon(1e-5));
  CHECK(prior_of(f, "logits").loc == 0.2f);
  CHECK(prior_of(f, "logits").scale == 0.7f);
}
