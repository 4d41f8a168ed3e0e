#pragma once
// The memory plan of a run of a graph: where each buffer lies. It is a plain value and is computed
// once. Execution allocates the memory and uses the plan. Other code reads the number of bytes from
// it.
//
// Activations and their gradients lie in the memory of their worker. Those with separate lifetimes
// share it. What only one stage (execution_stages.h) reads and writes is kept for a portion of the
// shard. Deferred weight gradients read some buffers after all shards have run. These lie in memory
// for the whole batch.

#include <cstddef>
#include <vector>

#include "bnn/model/execution_stages.h"
#include "bnn/model/graph.h"

namespace bnn {

/// Training runs forward and backward, inference forward alone.
enum class ExecutionMode { training, inference };

/// No node's activation is kept.
constexpr int kNoNode = -1;

struct ExecutionLimits {
  int workers = 1;
  int shard_examples = 1;                       // the most examples of one shard
  int batch_examples = 1;                       // the most examples of one batch (training)
  std::size_t shards = 1;                       // the most shards of one batch (training)
  std::size_t portion_floats = kPortionFloats;  // of execution_stages.h
  int kept = kNoNode;  // a node whose activation the caller reads after the pass, as the outputs
};

/// The examples that a buffer holds. Those of a batch lie in the memory of the batch, the others in
/// that of the worker.
enum class BufferExtent { portion, shard, batch };

struct ActivationBuffer {
  std::size_t each = 0;    // floats per example; 0: not used
  std::size_t offset = 0;  // of the first example, in floats
  BufferExtent extent = BufferExtent::shard;
};

/// How a layer's gradient for one of its inputs reaches the input's gradient buffer.
struct GradientRoute {
  enum class Kind { none, overwrite, add } kind = Kind::none;
  std::size_t addend_offset = 0;  // for add: where the layer writes it before it is added
};

/// The input belongs to no stage: it is there for the whole shard.
constexpr int kNoStage = -1;

struct NodePlan {
  int stage = kNoStage;  // its place in ExecutionPlan::stages
  ActivationBuffer activation, gradient, saved;
  std::vector<GradientRoute> routes;  // one per input
  std::size_t prepared_offset = 0;    // of what the layer prepares
};

/// A block of the deferred weight gradient of one variable.
struct WeightGradientTask {
  std::vector<int> nodes;  // layers that share the variable, one after the other
  int block;
};

/// A part of what a layer prepares for all shards of a pass.
struct PrepareTask {
  int node;
  bool input_gradients;
  int task;
};

struct ExecutionPlan {
  ExecutionMode mode = ExecutionMode::inference;
  ExecutionLimits limits = {};
  std::vector<ExecutionStage> stages = {};
  std::vector<NodePlan> nodes = {};  // one per node of the graph
  std::vector<PrepareTask> prepare_tasks = {};
  std::vector<WeightGradientTask> tasks = {};
  std::size_t prepared_floats = 0, batch_floats = 0;
  std::size_t worker_floats = 0, scratch_floats = 0, addend_floats = 0;  // of each worker

  /// Bytes of all activation memory and scratch, for all workers.
  std::size_t bytes() const;
};

/// Makes the plan. Allocates none of the memory.
ExecutionPlan plan_execution(const Graph& graph, ExecutionMode mode, const ExecutionLimits& limits);

}  // namespace bnn
