#pragma once
// Runs a graph forward and backward over shards, in memory planned once (execution_plan.h).
//
// A shard is a contiguous slice of a batch and runs on one worker thread. Nothing is allocated
// after construction. Workers may run different shards at the same time; one worker runs one shard
// at a time, forward before backward.

#include <cstddef>
#include <span>
#include <vector>

#include "bnn/core/aligned_array.h"
#include "bnn/model/execution_plan.h"

namespace bnn {

/// One shard of the batch at hand: `first` is its first example's position in the batch.
struct Shard {
  std::size_t first = 0;
  Pass pass = {};
  float weight = 0.0f;  // of each example in the loss
};

class Execution {
 public:
  /// Allocates what the plan, one of this graph, asks for.
  Execution(const Graph& graph, ExecutionPlan plan);

  /// Where the caller writes the shard's images before forward: [examples][input shape].
  float* input(int worker, std::size_t first);
  /// After forward: [examples][graph.outputs()].
  const float* outputs(int worker, std::size_t first) const;
  /// Where the caller writes the gradient of the loss before backward: [examples][graph.outputs()].
  float* outputs_gradient(int worker, std::size_t first);

  /// @param state_sums an array of the layout that a training pass adds the state's sums into; null
  ///   where nothing has state, and in other passes
  void forward(int worker, const Shard& shard, float* state_sums = nullptr);
  /// Adds the shard's gradient of all variables that are not deferred into `gradient`.
  void backward(int worker, const Shard& shard, float* gradient);

  /// Blocks of deferred weight gradients; each is a task of its own, after all shards' backward.
  std::size_t weight_gradient_tasks() const { return plan_.tasks.size(); }
  void weight_gradient(std::size_t task, int worker, std::span<const Shard> shards,
                       float* gradient);

  /// The penalty on outputs, summed over the shard's examples, after forward (training mode).
  double activity_penalty(int worker, const Shard& shard) const;

  /// The first node with a value that is not finite after forward (training mode), or -1.
  int first_non_finite(int worker, const Shard& shard) const;

 private:
  float* at(const ActivationBuffer& buffer, int worker, std::size_t first);
  const float* at(const ActivationBuffer& buffer, int worker, std::size_t first) const;
  const ActivationBuffer& activation_of(int node) const;
  const ActivationBuffer& gradient_of(int node) const;
  void backward_node(int node, int worker, const Shard& shard, float* gradient);

  const Graph& graph_;
  ExecutionPlan plan_;
  AlignedArray batch_memory_;
  std::vector<AlignedArray> worker_memory_;
  std::vector<AlignedArray> scratch_;
  std::vector<AlignedArray> addends_;
  std::vector<std::vector<ShardView>> shard_views_;  // one list a worker
};

}  // namespace bnn
