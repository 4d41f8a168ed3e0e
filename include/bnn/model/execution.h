#pragma once
// Runs a graph forward and backward over shards. The memory is planned once (execution_plan.h).
//
// A shard is a contiguous slice of a batch and runs on one worker thread. Nothing is allocated
// after construction. Several workers may run different shards at the same time. One worker runs
// one shard at a time, forward and then backward, in the stages of execution_stages.h.

#include <cstddef>
#include <span>
#include <vector>

#include "bnn/core/aligned_array.h"
#include "bnn/model/execution_plan.h"

namespace bnn {

/// One shard of the current batch. `first` is the position of its first example in the batch.
struct Shard {
  std::size_t first = 0;
  Pass pass = {};
  float weight = 0.0f;  // of each example in the loss
};

class Execution {
 public:
  /// Allocates the memory of the plan, which must be one of this graph. The graph must outlive
  /// this.
  /// @param prepared memory for what layers prepare, lent by the caller; may be used for other
  ///   things between passes. Allocated here if it is empty.
  Execution(const Graph& graph, ExecutionPlan plan, std::span<float> prepared = {});

  /// What layers make of the weights for all shards of a pass. Each task is one part of it. Tasks
  /// run before forward, whenever parameters or draws have changed.
  /// @param pass the parameters and draws; its examples are not read
  std::size_t prepare_tasks() const { return plan_.prepare_tasks.size(); }
  void prepare(std::size_t task, const Pass& pass);

  /// The shard's images, [examples][input shape]. The caller writes them before forward.
  float* input(int worker, std::size_t first);
  /// The outputs after forward, [examples][graph.outputs()].
  const float* outputs(int worker, std::size_t first) const;
  /// What the plan's kept node gave, [examples][numbers of that node].
  const float* kept(int worker, std::size_t first) const;
  /// The gradient of the loss for the outputs, [examples][graph.outputs()]. The caller writes it
  /// before backward.
  float* outputs_gradient(int worker, std::size_t first);

  /// @param state_sums an array of the layout, to which a training pass adds the sums of the
  ///   layers' state; null if no layer has state, and in all other passes
  void forward(int worker, const Shard& shard, float* state_sums = nullptr);
  /// Adds the shard's gradient for all variables that are not deferred to `gradient`.
  void backward(int worker, const Shard& shard, float* gradient);

  /// The number of blocks of deferred weight gradients. Each block is one task. Tasks run after
  /// backward of all shards.
  std::size_t weight_gradient_tasks() const { return plan_.tasks.size(); }
  /// @param gradients layer k of those that share the variable writes to gradients[k]; where there
  ///   are fewer, it adds to the first
  void weight_gradient(std::size_t task, int worker, std::span<const Shard> shards,
                       std::span<float* const> gradients);

  /// The penalty on layers' outputs, summed over the shard's examples. Call it after forward, in
  /// training mode.
  double activity_penalty(int worker, const Shard& shard) const;

  /// The first node with an output that is not finite, or -1. Call it after forward, in training
  /// mode.
  int first_non_finite(int worker, const Shard& shard) const;

 private:
  // Where an example is: its position in the batch and in its shard.
  struct Place {
    std::size_t in_batch, in_shard = 0;
  };
  // Examples of a shard that visit a stage together.
  struct Portion {
    Place first;
    Pass pass;
    float weight;
  };

  template <typename Visit>
  static void for_each_portion(const Shard& shard, int examples, const Visit& visit);
  float* at(const ActivationBuffer& buffer, int worker, const Place& place);
  const float* at(const ActivationBuffer& buffer, int worker, const Place& place) const;
  const float* prepared(std::size_t node) const;
  const ActivationBuffer& activation_of(int node) const;
  const ActivationBuffer& gradient_of(int node) const;
  void forward_node(int node, int worker, const Portion& portion, float* state_sums);
  void backward_node(int node, int worker, const Portion& portion, float* gradient);

  const Graph& graph_;
  ExecutionPlan plan_;
  AlignedArray prepared_memory_;  // empty if it is lent
  float* prepared_;
  AlignedArray batch_memory_;
  std::vector<AlignedArray> worker_memory_;
  std::vector<AlignedArray> scratch_;
  std::vector<AlignedArray> addends_;
  std::vector<std::vector<ShardView>> shard_views_;  // one list per worker
};

}  // namespace bnn
