// Optimizers as a kind: the list that configs name, what reaches the one that is asked for, and
// what a failed step leaves behind.

#include "bnn/train/optimizer.h"

#include <cmath>
#include <limits>

#include <catch2/catch.hpp>

#include "bnn/core/json_reader.h"
#include "bnn/core/json_schema.h"
#include "support/json_document.h"
#include "support/momentum_sgd.h"
#include "support/trainer_fixture.h"

using namespace bnn;
using namespace bnn::testing;

namespace {

const std::string kInput = R"({"input": {"height": 4, "width": 4, "channels": 2}, "layers": [)";
const std::string kModel = kInput + R"({"type": "flatten"},
    {"type": "dense_flipout", "name": "hidden", "units": 6, "activation": "tanh"},
    {"type": "dense_flipout", "name": "logits", "units": 3,
     "kernel_prior_fn": {"loc": 0.2, "scale": 0.7, "trainable": true}}]})";

struct ReadOptimizer {
  OptimizerSpec spec;
  Json resolved;
};

ReadOptimizer read(const std::string& text) {
  const Json document = parsed(text);
  Problems problems("config");
  ObjectReader reader(document, "", problems);
  OptimizerSpec spec = read_optimizer(reader, types_with_momentum());
  reader.finish();
  problems.raise_if_any(ErrorKind::config);
  return {spec, reader.resolved()};
}

// The parameters after three steps.
std::vector<float> trained(const OptimizerSpec& optimizer) {
  TrainingSpec spec = small_spec();
  spec.optimizer = optimizer;
  TrainerFixture f(kModel, spec);
  for (std::uint64_t step = 1; step <= 3; ++step) f.trainer.step(step, indices(12));
  return {f.trainer.parameters().span().begin(), f.trainer.parameters().span().end()};
}

std::vector<float> copy_of(const AlignedArray& array) {
  return {array.span().begin(), array.span().end()};
}

}  // namespace

TEST_CASE("a config's optimizer is the one of the row that it names, with its keys") {
  const ReadOptimizer momentum =
      read(R"({"type": "momentum", "learning_rate": 0.05, "momentum": 0.5})");
  CHECK(momentum.spec.learning_rate == 0.05);
  CHECK(same_bits(trained(momentum.spec), trained(momentum_optimizer({0.05, 0.5}))));
  CHECK_FALSE(same_bits(trained(momentum.spec), trained(momentum_optimizer({0.05, 0.4}))));

  const ReadOptimizer adam =
      read(R"({"learning_rate": 0.5, "beta_1": 0.8, "beta_2": 0.99, "epsilon": 1e-3})");
  const AdamSpec keys{.learning_rate = 0.5, .beta_1 = 0.8, .beta_2 = 0.99, .epsilon = 1e-3};
  CHECK(adam.resolved.at("type") == "adam");
  CHECK(same_bits(trained(adam.spec), trained(adam_optimizer(keys))));
  AdamSpec other = keys;
  other.beta_2 = 0.999;
  CHECK_FALSE(same_bits(trained(adam.spec), trained(adam_optimizer(other))));

  CHECK(error_message(ErrorKind::config, [] {
          read(R"({"type": "adam", "momentum": 0.5})");
        }).find("/momentum") != std::string::npos);
  CHECK(error_message(ErrorKind::config, [] { read(R"({"type": "sgd"})"); }).find("\"momentum\"") !=
        std::string::npos);
}

TEST_CASE("the schema of a list of optimizers has one alternative for each") {
  const std::vector<OptimizerType> types = types_with_momentum();
  const Json schema = describe_object([&](ObjectReader& r) { read_optimizer(r, types); });
  const Json& alternatives = schema.at("anyOf");
  REQUIRE(alternatives.size() == 2);
  CHECK(alternatives[0].at("properties").contains("beta_1"));
  CHECK_FALSE(alternatives[0].at("properties").contains("momentum"));
  CHECK(alternatives[1].at("properties").contains("momentum"));
  CHECK_FALSE(alternatives[1].at("properties").contains("beta_1"));
  // One of the list is described as it is.
  const Json alone = describe_object([](ObjectReader& r) { read_optimizer(r); });
  CHECK(alone.at("properties").contains("beta_1"));
}

TEST_CASE("gradient descent with momentum moves parameters by its formula") {
  TrainingSpec spec = small_spec();
  spec.optimizer = momentum_optimizer({.learning_rate = 0.1, .momentum = 0.5});
  TrainerFixture f(kModel, spec);
  std::vector<float> before = copy_of(f.trainer.parameters());
  std::vector<float> old_velocity = copy_of(f.state("velocity"));
  // The gradient is that which Adam sees: a tenth of it is its first moment after one step.
  TrainerFixture adam(kModel, small_spec());
  for (std::uint64_t step = 1; step <= 3; ++step) {
    std::copy(before.begin(), before.end(), adam.trainer.parameters().data());
    for (float& m : adam.state("m").span()) m = 0.0f;
    adam.trainer.step(step, indices(12));
    f.trainer.step(step, indices(12));
    const auto velocity = f.state("velocity").span();
    for (const Variable& variable : f.graph.layout().variables()) {
      INFO(variable.name);
      for (std::size_t i = 0; i < variable.slice.size; ++i) {
        const std::size_t at = variable.slice.offset + i;
        const double expected = 0.5 * old_velocity[at] + 10.0 * adam.state("m").data()[at];
        REQUIRE(velocity[at] == Approx(expected).epsilon(1e-5).margin(1e-7));
        const double moved = 0.1 * velocity[at];
        const double start = before[at];
        const double to =
            variable.name.ends_with("prior_scale") ? start * std::exp(-moved) : start - moved;
        REQUIRE(f.trainer.parameters().data()[at] == Approx(to).epsilon(1e-5).margin(1e-7));
      }
    }
    before = copy_of(f.trainer.parameters());
    old_velocity = copy_of(f.state("velocity"));
  }
}

TEST_CASE("a batch whose loss is not finite leaves parameters and state as they were") {
  for (const double clip : {0.0, 1.0}) {
    TrainingSpec spec = small_spec();
    spec.gradient_clip_norm = clip;
    TrainerFixture f(kModel, spec);
    f.trainer.step(1, indices(12));
    f.parameter("logits/bias_posterior_loc")[0] = std::numeric_limits<float>::quiet_NaN();
    const auto parameters = copy_of(f.trainer.parameters());
    const auto m = copy_of(f.state("m")), v = copy_of(f.state("v"));
    error_message(ErrorKind::numerical, [&] { f.trainer.step(2, indices(12)); });
    CHECK(same_bits(parameters, f.trainer.parameters().span()));
    CHECK(same_bits(m, f.state("m").span()));
    CHECK(same_bits(v, f.state("v").span()));
  }
}

TEST_CASE("the memory of a trainer counts the arrays of its optimizer") {
  const Graph graph = make_graph(kModel);
  const auto bytes = [&](OptimizerSpec optimizer, GradientForm form) {
    TrainingSpec spec = small_spec();
    spec.optimizer = std::move(optimizer);
    spec.optimizer.form = form;
    return Trainer::bytes(graph, spec, training_plan(graph, spec, 2));
  };
  const std::size_t array = graph.layout().size() * sizeof(float);
  const std::size_t momentum = bytes(momentum_optimizer({}), GradientForm::sum);
  CHECK(bytes(adam_optimizer({}), GradientForm::sum) == momentum + array);
  CHECK(bytes(momentum_optimizer({}), GradientForm::parts) == momentum + array);
}
