#include "bnn/model/execution.h"

#include <algorithm>
#include <cmath>

#include <catch2/catch.hpp>

#include "model_fixtures.h"

using namespace bnn;
using namespace bnn::testing;

namespace {

// Five examples in shards of two and three, each example with its own coefficients: the loss is
// the sum of coefficient times logit over the batch.
constexpr std::size_t kExamples = 5;

struct Batch {
  const Graph& graph;
  AlignedArray parameters, draws;
  std::vector<float> images, coefficients;
  std::vector<std::uint32_t> names = indices(kExamples);

  explicit Batch(const Graph& g)
      : graph(g),
        parameters(g.layout().size()),
        draws(g.layout().size()),
        images(kExamples * g.input_shape().size()),
        coefficients(kExamples * static_cast<std::size_t>(g.classes())) {
    fill_normal({.seed = 1}, 0, parameters.span());
    fill_normal({.seed = 2}, 0, draws.span());
    for (float& value : parameters.span()) value *= 0.3f;
    for (float& value : draws.span()) value *= 0.3f;
    fill_uniform({.seed = 3}, 0, images);
    fill_normal({.seed = 4}, 0, coefficients);
  }

  Shard shard(std::size_t first, std::size_t size) const {
    const PassNoise noise{9, 4, false, std::span(names).subspan(first, size)};
    return {first, {static_cast<int>(size), parameters.data(), draws.data(), noise}};
  }
  std::vector<Shard> shards() const { return {shard(0, 2), shard(2, 3)}; }
};

// Runs one shard forward and appends its logits.
void run_forward(Execution& execution, int worker, const Batch& batch, const Shard& shard,
                 std::vector<float>& logits) {
  const auto size = static_cast<std::size_t>(shard.pass.examples);
  const std::size_t each = batch.graph.input_shape().size();
  std::copy_n(batch.images.begin() + static_cast<std::ptrdiff_t>(shard.first * each), size * each,
              execution.input(worker, shard.first));
  execution.forward(worker, shard);
  const float* out = execution.logits(worker, shard.first);
  logits.insert(logits.end(), out, out + size * static_cast<std::size_t>(batch.graph.classes()));
}

ExecutionLimits limits(int workers) {
  return {.workers = workers, .shard_examples = 3, .batch_examples = 5, .shards = 2};
}

std::vector<float> inference_logits(const Batch& batch) {
  Execution execution(batch.graph, ExecutionMode::inference, {.workers = 1, .shard_examples = 3});
  std::vector<float> logits;
  for (const Shard& shard : batch.shards()) run_forward(execution, 0, batch, shard, logits);
  return logits;
}

double loss_of(const Batch& batch) {
  const auto logits = inference_logits(batch);
  double loss = 0;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    loss += static_cast<double>(batch.coefficients[i]) * static_cast<double>(logits[i]);
  }
  return loss;
}

struct TrainingPass {
  std::vector<float> logits, gradient;
};

// Both shards forward and backward, on a worker each, and the deferred gradients after them.
TrainingPass train(const Batch& batch) {
  const auto shards = batch.shards();
  const auto classes = static_cast<std::size_t>(batch.graph.classes());
  Execution execution(batch.graph, ExecutionMode::training, limits(2));
  TrainingPass result;
  result.gradient.resize(batch.graph.layout().size());
  for (int worker = 0; worker < 2; ++worker) {
    const Shard& shard = shards[static_cast<std::size_t>(worker)];
    run_forward(execution, worker, batch, shard, result.logits);
    CHECK(execution.first_non_finite(worker, shard) == -1);
    std::copy_n(batch.coefficients.begin() + static_cast<std::ptrdiff_t>(shard.first * classes),
                static_cast<std::size_t>(shard.pass.examples) * classes,
                execution.logits_gradient(worker, shard.first));
    execution.backward(worker, shard, result.gradient.data());
  }
  for (std::size_t task = 0; task < execution.weight_gradient_tasks(); ++task) {
    execution.weight_gradient(task, static_cast<int>(task % 2), shards, result.gradient.data());
  }
  return result;
}

// Central differences of fourth order of the loss along one element.
double difference_quotient(const Batch& batch, float& element) {
  constexpr float kStep = 0.0625f;
  const float middle = element;
  const auto at = [&](float offset) {
    element = middle + offset;
    return loss_of(batch);
  };
  const double near = at(kStep) - at(-kStep), far = at(2 * kStep) - at(-2 * kStep);
  element = middle;
  return (8 * near - far) / (12 * static_cast<double>(kStep));
}

// A loc whose tensor is sampled as a whole: the layer sees the sample alone.
bool is_replaced_by_sample(const ParameterLayout& layout, std::size_t variable) {
  const auto& tensors = layout.random_tensors();
  return std::any_of(tensors.begin(), tensors.end(), [&](const RandomTensor& tensor) {
    return tensor.loc == variable && tensor.draw == Draw::sample;
  });
}

// Every `stride`-th element of every variable that is trained: a scale's slice holds the
// gradient for what was drawn.
void check_gradients(const std::string& model, std::size_t stride) {
  const Graph graph = make_graph(model);
  Batch batch(graph);
  const TrainingPass pass = train(batch);
  CHECK(pass.logits == inference_logits(batch));
  for (std::size_t v = 0; v < graph.layout().variables().size(); ++v) {
    const Variable& variable = graph.layout().variables()[v];
    if (!variable.trainable || is_replaced_by_sample(graph.layout(), v)) continue;
    const bool is_scale = variable.name.find("untransformed_scale") != std::string::npos;
    double largest = 0;
    for (std::size_t i = 0; i < variable.slice.size; i += stride) {
      const std::size_t at = variable.slice.offset + i;
      float& element = is_scale ? batch.draws.data()[at] : batch.parameters.data()[at];
      const double expected = difference_quotient(batch, element);
      INFO(variable.name << "[" << i << "]");
      CHECK(pass.gradient[at] == Approx(expected).epsilon(2e-3).margin(2e-3));
      largest = std::max(largest, std::fabs(expected));
    }
    CHECK(largest > 0.05);  // far above the margin: the comparison means something
  }
}

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
  Execution execution(graph, ExecutionMode::training, limits(1));
  std::vector<float> gradient(graph.layout().size()), logits;
  const auto shards = batch.shards();
  const auto classes = static_cast<std::size_t>(graph.classes());
  for (int round = 0; round < 2; ++round) {
    std::fill(gradient.begin(), gradient.end(), 0.0f);
    logits.clear();
    for (const Shard& shard : shards) {
      run_forward(execution, 0, batch, shard, logits);
      std::copy_n(batch.coefficients.begin() + static_cast<std::ptrdiff_t>(shard.first * classes),
                  static_cast<std::size_t>(shard.pass.examples) * classes,
                  execution.logits_gradient(0, shard.first));
      execution.backward(0, shard, gradient.data());
    }
    for (std::size_t task = 0; task < execution.weight_gradient_tasks(); ++task) {
      execution.weight_gradient(task, 0, shards, gradient.data());
    }
    CHECK(logits == clean.logits);
    CHECK(same_bits(gradient, clean.gradient));
  }
}

TEST_CASE("the first layer whose output is not finite is found") {
  const Graph graph = make_graph(kResidual);
  Batch batch(graph);
  const std::size_t bias = variable_index(graph.layout(), "small/bias_posterior_loc");
  batch.parameters.data()[graph.layout().variables()[bias].slice.offset] = INFINITY;
  Execution execution(graph, ExecutionMode::training, limits(1));
  std::vector<float> logits;
  const Shard shard = batch.shard(2, 3);
  run_forward(execution, 0, batch, shard, logits);
  const int node = execution.first_non_finite(0, shard);
  REQUIRE(node > 0);
  CHECK(graph.nodes()[static_cast<std::size_t>(node)].name == "small");
}

TEST_CASE("the estimate of memory grows with workers and shards, and inference needs less") {
  const Graph graph = make_graph(kResidual);
  const auto bytes = [&](ExecutionMode mode, int workers) {
    return Execution::bytes(graph, mode, limits(workers));
  };
  // At least the activations of one shard: 72 + 3 * 108 + 27 + 12 + 5 + 3 floats an example.
  CHECK(bytes(ExecutionMode::training, 1) > 4 * 3 * (72 + 4 * 108 + 27 + 12 + 5 + 3));
  CHECK(bytes(ExecutionMode::training, 4) > 2 * bytes(ExecutionMode::training, 1));
  CHECK(bytes(ExecutionMode::inference, 1) < bytes(ExecutionMode::training, 1));
}
