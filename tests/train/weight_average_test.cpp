#include "bnn/train/weight_average.h"

#include <catch2/catch.hpp>

#include "support/trainer_fixture.h"

using namespace bnn;
using namespace bnn::testing;

namespace {

const std::string kModel = R"({"input": {"height": 4, "width": 4, "channels": 2}, "layers": [
    {"type": "flatten"},
    {"type": "dense_flipout", "name": "hidden", "units": 6, "activation": "tanh"},
    {"type": "dense_flipout", "name": "logits", "units": 3,
     "kernel_prior_fn": {"loc": 0.2, "scale": 0.7, "trainable": true}}]})";

std::vector<float> copy_of(const AlignedArray& array) {
  return {array.span().begin(), array.span().end()};
}

TrainingSpec averaging(const AverageSpec& average) {
  TrainingSpec spec = small_spec();
  spec.epochs = 4;  // of three steps
  spec.average = average;
  return spec;
}

bool is_averaged(const std::string& name) {
  return !name.ends_with("untransformed_scale") && !name.ends_with("prior_loc") &&
         !name.ends_with("prior_scale");
}

// Trains and compares, after every step, with the average in double of the weights of a run that
// does not average.
void check_average(const AverageSpec& average, const std::vector<double>& shares) {
  TrainerFixture plain(kModel, averaging({})), f(kModel, averaging(average));
  std::vector<double> expected(f.trainer.parameters().span().begin(),
                               f.trainer.parameters().span().end());
  for (std::uint64_t step = 1; step <= shares.size(); ++step) {
    plain.trainer.step(step, indices(12));
    f.trainer.step(step, indices(12));
    CAPTURE(step);
    CHECK(same_bits(f.state("mean").span(), plain.trainer.parameters().span()));
    for (const Variable& variable : f.graph.layout().variables()) {
      const double share = is_averaged(variable.name) ? shares[step - 1] : 1.0;
      for (std::size_t i = 0; i < variable.slice.size; ++i) {
        const std::size_t at = variable.slice.offset + i;
        expected[at] += share * (plain.trainer.parameters().data()[at] - expected[at]);
        CHECK(f.trainer.parameters().data()[at] == Approx(expected[at]).epsilon(1e-5).margin(1e-6));
      }
    }
  }
}

}  // namespace

TEST_CASE("the moving average forgets the first values soon, and then as slowly as it was told") {
  const AverageSpec spec{.ema_decay = 0.9};
  CHECK(average_share(spec, 1, 100, 10) == Approx(1 - 2.0 / 11));
  CHECK(average_share(spec, 10, 100, 10) == Approx(1 - 11.0 / 20));
  CHECK(average_share(spec, 1000, 100, 10) == Approx(0.1));
}

TEST_CASE("the plain mean is one over the steps of the last epochs") {
  const AverageSpec alone{.swa_epochs = 2}, both{.ema_decay = 0.5, .swa_epochs = 2};
  CHECK(average_share(alone, 800, 100, 10) == 1.0);
  CHECK(average_share(both, 800, 100, 10) == Approx(0.5));
  for (const AverageSpec& spec : {alone, both}) {
    CHECK(average_share(spec, 801, 100, 10) == 1.0);
    CHECK(average_share(spec, 802, 100, 10) == Approx(1.0 / 2));
    CHECK(average_share(spec, 1000, 100, 10) == Approx(1.0 / 200));
  }
  CHECK(average_share({.swa_epochs = 99}, 7, 100, 10) == Approx(1.0 / 7));
}

TEST_CASE("parameters are the average of means and points, and steps are those of a plain run") {
  // Three steps an epoch, four epochs.
  check_average({.ema_decay = 0.5}, {1 - 2.0 / 11, 1 - 3.0 / 12, 1 - 4.0 / 13, 1 - 5.0 / 14});
  check_average({.swa_epochs = 3}, {1, 1, 1, 1, 1.0 / 2, 1.0 / 3, 1.0 / 4});
  check_average({.ema_decay = 0.1, .swa_epochs = 3}, {0.9, 0.9, 0.9, 1, 0.5});
}

TEST_CASE("the average begins with the parameters that a run starts from") {
  TrainerFixture f(kModel, averaging({.ema_decay = 0.9}));
  f.parameter("logits/bias_posterior_loc")[0] = 50.0f;
  f.trainer.step(1, indices(12));
  CHECK(f.values(f.state("mean"), "logits/bias_posterior_loc")[0] == Approx(50.0f).epsilon(0.01));
  CHECK(f.parameter("logits/bias_posterior_loc")[0] == Approx(50.0f).epsilon(0.01));
}

TEST_CASE("a trainer that averages goes on from its arrays with the same bits") {
  for (const AverageSpec& average : {AverageSpec{.ema_decay = 0.8}, AverageSpec{.swa_epochs = 3}}) {
    TrainerFixture whole(kModel, averaging(average)), first(kModel, averaging(average)),
        second(kModel, averaging(average));
    for (std::uint64_t step = 1; step <= 6; ++step) whole.trainer.step(step, indices(12));
    for (std::uint64_t step = 1; step <= 4; ++step) first.trainer.step(step, indices(12));
    const std::vector<float> parameters = copy_of(first.trainer.parameters());
    std::copy(parameters.begin(), parameters.end(), second.trainer.parameters().data());
    for (const StateArray& array : first.trainer.optimizer_state()) {
      std::copy(array.values.span().begin(), array.values.span().end(),
                second.state(array.spec.name).data());
    }
    for (std::uint64_t step = 5; step <= 6; ++step) second.trainer.step(step, indices(12));
    CHECK(same_bits(second.trainer.parameters().span(), whole.trainer.parameters().span()));
    CHECK(same_bits(second.state("mean").span(), whole.state("mean").span()));
  }
}

TEST_CASE("the memory of a trainer counts the weights apart from their average") {
  const Graph graph = make_graph(kModel);
  const auto bytes = [&](const AverageSpec& average) {
    const TrainingSpec spec = averaging(average);
    return Trainer::bytes(graph, spec, training_plan(graph, spec, 2));
  };
  CHECK(bytes({.ema_decay = 0.5}) == bytes({}) + graph.layout().size() * sizeof(float));
}
