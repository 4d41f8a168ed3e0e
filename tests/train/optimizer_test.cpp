// Optimizers as a kind: the list that configs name, what reaches the one that is asked for, and
// what a failed step leaves behind.

#include "bnn/train/optimizer.h"

#include <cmath>
#include <limits>

#include <catch2/catch.hpp>

#include "bnn/core/json_reader.h"
#include "bnn/core/json_schema.h"
#include "bnn/train/ivon.h"
#include "bnn/train/optimizer_types.h"
#include "bnn/train/sgd.h"
#include "support/json_document.h"
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
  OptimizerSpec spec = read_optimizer(reader);
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
  const ReadOptimizer sgd = read(R"({"type": "sgd", "learning_rate": 0.05, "momentum": 0.5})");
  CHECK(sgd.spec.learning_rate == 0.05);
  CHECK(same_bits(trained(sgd.spec), trained(sgd_optimizer({0.05, 0.5}))));
  CHECK_FALSE(same_bits(trained(sgd.spec), trained(sgd_optimizer({0.05, 0.4}))));
  CHECK_FALSE(same_bits(trained(sgd.spec), trained(sgd_optimizer({0.05, 0.5, true}))));

  const ReadOptimizer adam =
      read(R"({"learning_rate": 0.5, "beta_1": 0.8, "beta_2": 0.99, "epsilon": 1e-3})");
  const AdamSpec keys{.learning_rate = 0.5, .beta_1 = 0.8, .beta_2 = 0.99, .epsilon = 1e-3};
  CHECK(adam.resolved.at("type") == "adam");
  CHECK(same_bits(trained(adam.spec), trained(adam_optimizer(keys))));
  const ReadOptimizer adamw = read(R"({"type": "adamw", "scale_learning_rate_factor": 9})");
  CHECK(adamw.resolved.at("weight_decay") == 0.004);  // as in Keras
  CHECK(same_bits(trained(adamw.spec), trained(adam_optimizer({.scale_learning_rate_factor = 9,
                                                               .weight_decay = 0.004}))));

  const ReadOptimizer ivon = read(R"({"type": "ivon", "beta_1": 0.8, "clip_radius": 1e-3})");
  CHECK(ivon.resolved.at("beta_2").is_null());
  CHECK(ivon.spec.learning_rate == 0.1);
  const IvonSpec clipped{.beta_1 = 0.8, .clip_radius = 1e-3};
  CHECK(same_bits(trained(ivon.spec), trained(ivon_optimizer(clipped))));
  CHECK_FALSE(same_bits(trained(ivon.spec), trained(ivon_optimizer({.beta_1 = 0.8}))));
  const ReadOptimizer plain =
      read(R"({"type": "ivon", "beta_2": 0.75, "rescale_learning_rate": false})");
  const IvonSpec unscaled{.beta_2 = 0.75, .rescale_learning_rate = false};
  CHECK(same_bits(trained(plain.spec), trained(ivon_optimizer(unscaled))));

  AdamSpec other = keys;
  other.beta_2 = 0.999;
  CHECK_FALSE(same_bits(trained(adam.spec), trained(adam_optimizer(other))));

  CHECK(error_message(ErrorKind::config, [] {
          read(R"({"type": "adam", "momentum": 0.5})");
        }).find("/momentum") != std::string::npos);
  CHECK(error_message(ErrorKind::config, [] { read(R"({"type": "lion"})"); }).find("\"sgd\"") !=
        std::string::npos);
}

TEST_CASE("the schema of a list of optimizers has one alternative for each") {
  const Json schema = describe_object([](ObjectReader& r) { read_optimizer(r); });
  const Json& alternatives = schema.at("anyOf");
  REQUIRE(alternatives.size() == 4);
  const auto has = [&](std::size_t type, const char* key) {
    return alternatives[type].at("properties").contains(key);
  };
  CHECK((has(0, "epsilon") && !has(0, "weight_decay") && !has(0, "momentum")));  // adam
  CHECK((has(1, "epsilon") && has(1, "weight_decay")));                          // adamw
  CHECK((has(2, "clip_radius") && !has(2, "scale_learning_rate_factor")));       // ivon
  CHECK((has(3, "momentum") && has(3, "nesterov") && !has(3, "beta_1")));        // sgd
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
  const std::size_t sgd = bytes(sgd_optimizer({}), GradientForm::sum);
  CHECK(bytes(adam_optimizer({}), GradientForm::sum) == sgd + array);
  CHECK(bytes(sgd_optimizer({}), GradientForm::parts) == sgd + array);
}
