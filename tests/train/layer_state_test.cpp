// State of layers that gradients do not train, through a training step.
#include <cmath>
#include <limits>
#include <vector>

#include <catch2/catch.hpp>

#include "bnn/model/state_update.h"
#include "support/running_mean_layer.h"
#include "support/trainer_fixture.h"

using namespace bnn;
using namespace bnn::testing;

namespace {

// Two layers that share their state and read the same pixels.
const std::string kShared = R"({"input": {"height": 4, "width": 4, "channels": 2}, "layers": [
    {"type": "flatten", "name": "pixels"}, {"type": "activation", "name": "running"},
    {"type": "activation", "name": "running", "inputs": ["pixels"], "reuse": true},
    {"type": "add", "inputs": ["running", "running_1"]},
    {"type": "dense_flipout", "name": "logits", "units": 3}]})";

struct StateFixture : TrainerFixture {
  explicit StateFixture(const std::string& model, const TrainingSpec& spec, int threads = 2)
      : TrainerFixture(make_graph_with_state(model), spec, threads) {}

  std::vector<float> mean() {
    const auto values = parameter("running/moving_mean");
    return {values.begin(), values.end()};
  }
};

// Three steps on batches of this size, and the mean that they should leave behind.
void check_mean(const std::string& model, const TrainingSpec& spec, std::size_t batch) {
  StateFixture f(model, spec);
  std::vector<double> expected(32, 0.5);
  for (std::uint32_t step = 1; step <= 3; ++step) {
    const auto examples = indices(batch, 2 * step);
    f.trainer.step(step, examples);
    for (std::size_t i = 0; i < expected.size(); ++i) {
      double sum = 0;
      for (const std::uint32_t example : examples) sum += f.data.image(example)[i] / 255.0;
      const auto kept = static_cast<double>(kKept);
      expected[i] = kept * expected[i] + (1 - kept) * sum / static_cast<double>(batch);
    }
    const auto found = f.mean();
    for (std::size_t i = 0; i < expected.size(); ++i) {
      CHECK(found[i] == Approx(expected[i]).epsilon(1e-6));
    }
  }
}

TrainingSpec two_samples() {
  TrainingSpec spec = small_spec();
  spec.samples = 2;
  return spec;
}

}  // namespace

TEST_CASE("a layer's state follows what its forward passes add up over the batch") {
  check_mean(kStateModel, small_spec(), 12);
}

TEST_CASE("a layer's state follows batches smaller than the number of shards") {
  check_mean(kStateModel, small_spec(), 3);
}

TEST_CASE("a layer's state takes the mean over the samples of a step") {
  check_mean(kStateModel, two_samples(), 12);
}

TEST_CASE("layers that share their state add up their examples and renew it once") {
  check_mean(kShared, small_spec(), 12);
}

TEST_CASE("a network with state has the same bits for 1, 2 and 3 threads") {
  const auto train = [](int threads) {
    StateFixture f(kStateModel, two_samples(), threads);
    for (std::uint32_t step = 1; step <= 3; ++step) f.trainer.step(step, indices(11, step));
    return std::vector<float>(f.trainer.parameters().span().begin(),
                              f.trainer.parameters().span().end());
  };
  const auto expected = train(1);
  CHECK(same_bits(train(2), expected));
  CHECK(same_bits(train(3), expected));
}

TEST_CASE("a step reads the state of the step before and takes no gradient to it") {
  // Clipping, so that the norm of the gradient shows in every weight: the sums are no part of it.
  const std::string without = R"({"input": {"height": 4, "width": 4, "channels": 2}, "layers": [
    {"type": "flatten", "name": "pixels"},
    {"type": "dense_flipout", "name": "logits", "units": 3}]})";
  const std::string with = R"({"input": {"height": 4, "width": 4, "channels": 2}, "layers": [
    {"type": "activation", "name": "running", "inputs": ["pixels"]}, {"type": "flatten",
     "name": "pixels", "inputs": ["input"]}, {"type": "dense_flipout", "name": "logits",
     "units": 3, "inputs": ["running"]}]})";
  TrainingSpec spec = small_spec();
  spec.gradient_clip_norm = 0.1;
  TrainerFixture plain(without, spec);
  StateFixture f(with, spec);
  // A mean of 0 takes nothing away, so the first step of both is the same but for the noise's
  // names.
  for (const char* name : {"logits/kernel_posterior_loc", "logits/bias_posterior_loc"}) {
    std::copy_n(plain.parameter(name).data(), plain.parameter(name).size(),
                f.parameter(name).data());
  }
  for (float& u : plain.parameter("logits/kernel_posterior_untransformed_scale")) u = -100;
  for (float& u : f.parameter("logits/kernel_posterior_untransformed_scale")) u = -100;
  for (float& x : f.parameter("running/moving_mean")) x = 0;
  const StepStats expected = plain.trainer.step(1, indices(12));
  CHECK(f.trainer.step(1, indices(12)).nll == Approx(expected.nll).epsilon(1e-6));
  const auto a = plain.parameter("logits/kernel_posterior_loc");
  const auto b = f.parameter("logits/kernel_posterior_loc");
  for (std::size_t i = 0; i < a.size(); ++i) CHECK(b[i] == Approx(a[i]).epsilon(1e-5).margin(1e-7));
}

TEST_CASE("state that is not finite ends the run with the name of its layer") {
  StateFixture f(kStateModel, small_spec());
  const StateUpdate update(f.graph);
  std::vector<float> sums(f.graph.layout().size(), 0.0f);
  CHECK(update.run(sums.data(), 12, f.trainer.parameters().data()).empty());
  sums[f.slice("running/moving_mean").offset + 1] = std::numeric_limits<float>::infinity();
  CHECK(update.run(sums.data(), 12, f.trainer.parameters().data()) == "running");
}
