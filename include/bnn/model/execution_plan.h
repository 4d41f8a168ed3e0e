#pragma once
// Where everything that a run of a graph needs lies in memory: a value, computed once and read by
// whoever must know the bytes and by Execution, which allocates and runs it.
//
// Activations and their gradients lie in a worker's own memory and share it where their lifetimes
// allow, except those that deferred weight gradients read after all shards: these lie in memory for
// the whole batch.

#include <cstddef>
#include <vector>

#include "bnn/model/graph.h"

namespace bnn {

enum class ExecutionMode { training, inference };

struct ExecutionLimits {
  int workers = 1;
  int shard_examples = 1;  // the most examples of one shard
  int batch_examples = 1;  // the most examples of one batch (training)
  std::size_t shards = 1;  // the most shards of one batch (training)
};

/// A place in a worker's memory, or in that of the batch.
struct ActivationBuffer {
  std::size_t each = 0;    // floats an example; 0: not used
  std::size_t offset = 0;  // of the first example, in floats
  bool whole_batch = false;
};

/// How a layer's gradient for one of its inputs reaches the input's gradient buffer.
struct GradientRoute {
  enum class Kind { none, overwrite, add } kind = Kind::none;
  std::size_t addend_offset = 0;  // for add: where the layer writes it before it is added
};

struct NodePlan {
  ActivationBuffer activation, gradient, saved;
  std::vector<GradientRoute> routes;  // one an input
};

/// A block of the deferred weight gradient of one variable.
struct WeightGradientTask {
  std::vector<int> nodes;  // layers that share the variable, one after the other
  int block;
};

struct ExecutionPlan {
  ExecutionMode mode = ExecutionMode::inference;
  ExecutionLimits limits = {};
  std::vector<NodePlan> nodes = {};  // one a node of the graph
  std::vector<WeightGradientTask> tasks = {};
  std::size_t batch_floats = 0;
  std::size_t worker_floats = 0, scratch_floats = 0, addend_floats = 0;  // of each worker

  /// Of all activation memory and scratch.
  std::size_t bytes() const;
};

/// Allocates nothing of what it plans.
ExecutionPlan plan_execution(const Graph& graph, ExecutionMode mode, const ExecutionLimits& limits);

}  // namespace bnn
