#pragma once
// A whole network run forward and backward over one small batch in two shards, and its gradients
// against differences of the loss.

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "bnn/model/execution.h"
#include "support/model_fixtures.h"

namespace bnn::testing {

/// Five examples in shards of two and three, each example with its own coefficients: the loss is
/// the sum of coefficient times logit over the batch.
constexpr std::size_t kBatchExamples = 5;

struct Batch {
  const Graph& graph;
  AlignedArray parameters, draws;
  std::vector<float> images, coefficients;
  std::vector<std::uint32_t> names = indices(kBatchExamples);

  explicit Batch(const Graph& g)
      : graph(g),
        parameters(g.layout().size()),
        draws(g.layout().size()),
        images(kBatchExamples * g.input_shape().size()),
        coefficients(kBatchExamples * static_cast<std::size_t>(g.outputs())) {
    fill_normal({.seed = 1}, 0, parameters.span());
    fill_normal({.seed = 2}, 0, draws.span());
    for (float& value : parameters.span()) value *= 0.3f;
    for (float& value : draws.span()) value *= 0.3f;
    // A scale is positive, and far enough from the kink of local reparameterization at 0.
    for (const RandomTensor& tensor : g.layout().random_tensors()) {
      if (tensor.draw != Draw::scale) continue;
      const Slice slice = g.layout().variables()[tensor.untransformed_scale].slice;
      for (float& value : draws.span().subspan(slice.offset, slice.size)) {
        value = 0.1f + 0.3f * std::fabs(value);
      }
    }
    fill_uniform({.seed = 3}, 0, images);
    fill_normal({.seed = 4}, 0, coefficients);
  }

  Shard shard(std::size_t first, std::size_t size) const {
    const PassNoise noise{9, 4, false, std::span(names).subspan(first, size)};
    return {first, {static_cast<int>(size), parameters.data(), draws.data(), noise}};
  }
  std::vector<Shard> shards() const { return {shard(0, 2), shard(2, 3)}; }
};

/// Makes what layers prepare for all shards.
inline void prepare(Execution& execution, const Shard& shard) {
  for (std::size_t task = 0; task < execution.prepare_tasks(); ++task) {
    execution.prepare(task, shard.pass);
  }
}

/// Runs one shard forward and appends its logits.
inline void run_forward(Execution& execution, int worker, const Batch& batch, const Shard& shard,
                        std::vector<float>& logits) {
  const auto size = static_cast<std::size_t>(shard.pass.examples);
  const std::size_t each = batch.graph.input_shape().size();
  std::copy_n(batch.images.begin() + static_cast<std::ptrdiff_t>(shard.first * each), size * each,
              execution.input(worker, shard.first));
  execution.forward(worker, shard);
  const float* out = execution.outputs(worker, shard.first);
  logits.insert(logits.end(), out, out + size * static_cast<std::size_t>(batch.graph.outputs()));
}

inline ExecutionLimits batch_limits(int workers, std::size_t portion_floats = kPortionFloats) {
  return {.workers = workers,
          .shard_examples = 3,
          .batch_examples = 5,
          .shards = 2,
          .portion_floats = portion_floats};
}

inline std::vector<float> inference_logits(const Batch& batch,
                                           std::size_t portion_floats = kPortionFloats) {
  Execution execution(batch.graph, plan_execution(batch.graph, ExecutionMode::inference,
                                                  batch_limits(1, portion_floats)));
  std::vector<float> logits;
  prepare(execution, batch.shards()[0]);
  for (const Shard& shard : batch.shards()) run_forward(execution, 0, batch, shard, logits);
  return logits;
}

inline double loss_of(const Batch& batch) {
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

/// Both shards forward and backward, on a worker each, and the deferred gradients after them.
inline TrainingPass train(const Batch& batch, std::size_t portion_floats = kPortionFloats) {
  const auto shards = batch.shards();
  const auto classes = static_cast<std::size_t>(batch.graph.outputs());
  Execution execution(batch.graph, plan_execution(batch.graph, ExecutionMode::training,
                                                  batch_limits(2, portion_floats)));
  TrainingPass result;
  result.gradient.resize(batch.graph.layout().size());
  prepare(execution, shards[0]);
  for (int worker = 0; worker < 2; ++worker) {
    const Shard& shard = shards[static_cast<std::size_t>(worker)];
    run_forward(execution, worker, batch, shard, result.logits);
    CHECK(execution.first_non_finite(worker, shard) == -1);
    std::copy_n(batch.coefficients.begin() + static_cast<std::ptrdiff_t>(shard.first * classes),
                static_cast<std::size_t>(shard.pass.examples) * classes,
                execution.outputs_gradient(worker, shard.first));
    execution.backward(worker, shard, result.gradient.data());
  }
  float* target = result.gradient.data();
  for (std::size_t task = 0; task < execution.weight_gradient_tasks(); ++task) {
    execution.weight_gradient(task, static_cast<int>(task % 2), shards, {&target, 1});
  }
  return result;
}

/// Central differences of fourth order of the loss along one element.
inline double difference_quotient(const Batch& batch, float& element) {
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

/// A loc whose tensor is sampled as a whole: the layer sees the sample alone.
inline bool is_replaced_by_sample(const ParameterLayout& layout, std::size_t variable) {
  const auto& tensors = layout.random_tensors();
  return std::any_of(tensors.begin(), tensors.end(), [&](const RandomTensor& tensor) {
    return tensor.loc == variable && tensor.draw == Draw::sample;
  });
}

/// Every `stride`-th element of every variable that is trained: a scale's slice holds the
/// gradient for what was drawn.
inline void check_gradients(const std::string& model, std::size_t stride) {
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
    INFO(variable.name);
    CHECK(largest > 0.05);  // far above the margin: the comparison means something
  }
}

}  // namespace bnn::testing
