#include "bnn/model/execution.h"

#include <algorithm>
#include <cmath>

#include <catch2/catch.hpp>

#include "support/execution_fixture.h"

using namespace bnn;
using namespace bnn::testing;

namespace {

const std::string kImage = R"({"input": {"height": 6, "width": 6, "channels": 2}, "layers": [)";

// conv -> conv -> sum of both -> that sum twice -> pool -> dense -> logits
const std::string kResidual = kImage + R"(
    {"type": "conv2d_flipout", "name": "a", "filters": 3, "kernel_size": 3, "padding": "same",
     "activation": "tanh", "bias_posterior_fn": {"is_singular": false}},
    {"type": "conv2d_flipout", "name": "b", "filters": 3, "kernel_size": 3, "padding": "same",
     "activation": "tanh"},
    {"type": "add", "name": "skip", "inputs": ["b", "a"]},
    {"type": "add", "name": "twice", "inputs": ["skip", "skip"]},
    {"type": "average_pooling2d", "pool_size": 2},
    {"type": "conv2d_flipout", "name": "small", "filters": 3, "kernel_size": 2,
     "activation": "swish"},
    {"type": "flatten"},
    {"type": "dense_flipout", "name": "hidden", "units": 5, "activation": "gelu"},
    {"type": "dense_flipout", "name": "logits", "units": 3}]})";

// One convolution read by a pooling path, two views, and an activation; two dense layers read one
// view; what they give is added to a path around them.
const std::string kBranches = kImage + R"(
    {"type": "conv2d", "name": "stem", "filters": 2, "kernel_size": 3, "activation": "sigmoid"},
    {"type": "flatten", "name": "flat1", "inputs": ["stem"]},
    {"type": "flatten", "name": "flat2", "inputs": ["stem"]},
    {"type": "add", "name": "views", "inputs": ["flat1", "flat2"]},
    {"type": "dense_flipout", "name": "left", "units": 4, "activation": "tanh"},
    {"type": "dense", "name": "right", "units": 4, "inputs": ["views"]},
    {"type": "dense", "name": "direct", "units": 4, "inputs": ["flat1"]},
    {"type": "activation", "name": "soft", "activation": "softplus", "inputs": ["stem"]},
    {"type": "conv2d", "name": "wide", "filters": 4, "kernel_size": 1, "inputs": ["soft"]},
    {"type": "global_average_pooling2d", "name": "mean", "inputs": ["wide"]},
    {"type": "add", "name": "sum", "inputs": ["left", "right", "mean", "direct", "left"]},
    {"type": "dense_flipout", "name": "logits", "units": 3}]})";

// Images shrink, so portions grow; the last stage has several layers.
const std::string kShrinking = kImage + R"(
    {"type": "conv2d_flipout", "name": "wide", "filters": 6, "kernel_size": 3, "padding": "same",
     "activation": "tanh"},
    {"type": "max_pooling2d", "pool_size": 2},
    {"type": "conv2d_flipout", "filters": 3, "kernel_size": 3, "padding": "same",
     "activation": "tanh"},
    {"type": "conv2d_flipout", "filters": 3, "kernel_size": 3, "padding": "same",
     "activation": "tanh"},
    {"type": "conv2d_flipout", "filters": 3, "kernel_size": 3, "padding": "same",
     "activation": "tanh"},
    {"type": "flatten"},
    {"type": "dense_flipout", "name": "logits", "units": 3}]})";

const std::string kPartlyFrozen = kImage + R"(
    {"type": "conv2d", "name": "below", "filters": 2, "kernel_size": 3, "trainable": false,
     "activation": "tanh"},
    {"type": "conv2d", "name": "conv", "filters": 2, "kernel_size": 3, "activation": "tanh"},
    {"type": "flatten"},
    {"type": "dense_flipout", "name": "frozen", "units": 6, "trainable": false,
     "activation": "tanh"},
    {"type": "dense", "name": "logits", "units": 3}]})";

}  // namespace

TEST_CASE("gradients of a residual network match differences of the loss") {
  check_gradients(kResidual, 4);
}

TEST_CASE("gradients of a network with many readers of one tensor match differences of the loss") {
  check_gradients(kBranches, 5);
}

TEST_CASE("gradients pass through frozen layers and stop below them") {
  check_gradients(kPartlyFrozen, 5);
}

TEST_CASE("a network of one layer on the input's view has gradients") {
  check_gradients(kImage + R"({"type": "flatten"}, {"type": "dense_flipout", "units": 3}]})", 7);
}

TEST_CASE("logits that are a view of the last convolution have gradients") {
  check_gradients(kImage + R"({"type": "conv2d_flipout", "filters": 4, "kernel_size": 6},
                              {"type": "flatten"}]})",
                  7);
}

TEST_CASE("a worker's earlier shard leaves nothing behind") {
  const Graph graph = make_graph(kBranches);
  const Batch batch(graph);
  const TrainingPass clean = train(batch);
  Execution execution(graph, plan_execution(graph, ExecutionMode::training, batch_limits(1)));
  std::vector<float> gradient(graph.layout().size()), logits;
  const auto shards = batch.shards();
  const auto classes = static_cast<std::size_t>(graph.outputs());
  prepare(execution, shards[0]);
  for (int round = 0; round < 2; ++round) {
    std::fill(gradient.begin(), gradient.end(), 0.0f);
    logits.clear();
    for (const Shard& shard : shards) {
      run_forward(execution, 0, batch, shard, logits);
      std::copy_n(batch.coefficients.begin() + static_cast<std::ptrdiff_t>(shard.first * classes),
                  static_cast<std::size_t>(shard.pass.examples) * classes,
                  execution.outputs_gradient(0, shard.first));
      execution.backward(0, shard, gradient.data());
    }
    float* target = gradient.data();
    for (std::size_t task = 0; task < execution.weight_gradient_tasks(); ++task) {
      execution.weight_gradient(task, 0, shards, {&target, 1});
    }
    CHECK(logits == clean.logits);
    CHECK(same_bits(gradient, clean.gradient));
  }
}

TEST_CASE("a shard gives the same numbers in portions of one example, of two, and as a whole") {
  for (const std::string& model : {kResidual, kBranches, kPartlyFrozen, kShrinking}) {
    const Graph graph = make_graph(model);
    const Batch batch(graph);
    const TrainingPass whole = train(batch);
    for (const std::size_t portion_floats : {1, 200, 400, 700}) {
      INFO(model << portion_floats);
      const TrainingPass pass = train(batch, portion_floats);
      CHECK(pass.logits == whole.logits);
      CHECK(same_bits(pass.gradient, whole.gradient));
      CHECK(inference_logits(batch, portion_floats) == whole.logits);
    }
  }
}

TEST_CASE("portions change no more than the rounding of what layers with one variable add up") {
  const Graph graph = make_graph(kImage + R"(
      {"type": "conv2d_flipout", "name": "c", "filters": 2, "kernel_size": 3, "padding": "same"},
      {"type": "conv2d_flipout", "name": "c", "reuse": true, "filters": 2, "kernel_size": 3,
       "padding": "same"},
      {"type": "flatten"}, {"type": "dense_flipout", "name": "logits", "units": 3}]})");
  const Batch batch(graph);
  const TrainingPass whole = train(batch), single = train(batch, 1);
  CHECK(single.logits == whole.logits);
  for (std::size_t i = 0; i < whole.gradient.size(); ++i) {
    CHECK(single.gradient[i] == Approx(whole.gradient[i]).epsilon(1e-4).margin(1e-5));
  }
}

TEST_CASE("the first layer whose output is not finite is found") {
  const Graph graph = make_graph(kResidual);
  Batch batch(graph);
  const std::size_t bias = variable_index(graph.layout(), "small/bias_posterior_loc");
  batch.parameters.data()[graph.layout().variables()[bias].slice.offset] = INFINITY;
  Execution execution(graph, plan_execution(graph, ExecutionMode::training, batch_limits(1)));
  std::vector<float> logits;
  const Shard shard = batch.shard(2, 3);
  prepare(execution, shard);
  run_forward(execution, 0, batch, shard, logits);
  const int node = execution.first_non_finite(0, shard);
  REQUIRE(node > 0);
  CHECK(graph.nodes()[static_cast<std::size_t>(node)].name == "small");
}

TEST_CASE("layers prepare transposed kernels only where an input gradient is wanted") {
  const Graph graph = make_graph(kImage + R"(
      {"type": "conv2d_flipout", "name": "first", "filters": 8, "kernel_size": 3, "padding": "same"},
      {"type": "conv2d_flipout", "name": "second", "filters": 8, "kernel_size": 3},
      {"type": "flatten"}, {"type": "dense_flipout", "units": 3}]})");
  const auto tasks_of = [&](ExecutionMode mode) {
    std::vector<std::string> names;
    for (const PrepareTask& task : plan_execution(graph, mode, batch_limits(1)).prepare_tasks) {
      const Node& node = graph.nodes()[static_cast<std::size_t>(task.node)];
      names.push_back(node.name + (task.input_gradients ? " with" : " without"));
    }
    return names;
  };
  const std::string dense = graph.nodes().back().name;
  CHECK(tasks_of(ExecutionMode::training) ==
        std::vector<std::string>{"second with", "second with", dense + " with", dense + " with"});
  CHECK(tasks_of(ExecutionMode::inference) ==
        std::vector<std::string>{"second without", "second without"});
  const ExecutionPlan plan = plan_execution(graph, ExecutionMode::training, batch_limits(1));
  // At least the second layer's kernels of 8 x 8 at 16 positions and their transposes, of means and
  // perturbation.
  CHECK(plan.prepared_floats > 2 * 2 * 16 * 64);
  CHECK(plan.bytes() > sizeof(float) * plan.prepared_floats);
}

TEST_CASE("the estimate of memory grows with workers and shards, and inference needs less") {
  const Graph graph = make_graph(kResidual);
  const auto bytes = [&](ExecutionMode mode, int workers) {
    return plan_execution(graph, mode, batch_limits(workers)).bytes();
  };
  // At least the activations of one shard: 72 + 3 * 108 + 27 + 12 + 5 + 3 floats an example.
  CHECK(bytes(ExecutionMode::training, 1) > 4 * 3 * (72 + 4 * 108 + 27 + 12 + 5 + 3));
  CHECK(bytes(ExecutionMode::training, 4) > 2 * bytes(ExecutionMode::training, 1));
  CHECK(bytes(ExecutionMode::inference, 1) < bytes(ExecutionMode::training, 1));
}
