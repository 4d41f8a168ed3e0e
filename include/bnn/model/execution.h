#pragma once
// Runs a graph forward and backward over shards, with memory planned once.
//
// A shard is a contiguous slice of a batch and runs on one worker thread. Activations and their
// gradients lie in the worker's own memory and share it where their lifetimes allow, except those
// that deferred weight gradients read after all shards: these lie in memory for the whole batch.
// Nothing is allocated after construction. Workers may run different shards at the same time; one
// worker runs one shard at a time, forward before backward.

#include <cstddef>
#include <span>
#include <vector>

#include "bnn/core/aligned_array.h"
#include "bnn/model/graph.h"

namespace bnn {

enum class ExecutionMode { training, inference };

struct ExecutionLimits {
  int workers = 1;
  int shard_examples = 1;  // the most examples of one shard
  int batch_examples = 1;  // the most examples of one batch (training)
  std::size_t shards = 1;  // the most shards of one batch (training)
};

/// One shard of the batch at hand: `first` is its first example's position in the batch.
struct Shard {
  std::size_t first = 0;
  Pass pass = {};
  float weight = 0.0f;  // of each example in the loss
};

class Execution {
 public:
  Execution(const Graph& graph, ExecutionMode mode, const ExecutionLimits& limits);

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
  std::size_t weight_gradient_tasks() const { return tasks_.size(); }
  void weight_gradient(std::size_t task, int worker, std::span<const Shard> shards,
                       float* gradient);

  /// The penalty on outputs, summed over the shard's examples, after forward (training mode).
  double activity_penalty(int worker, const Shard& shard) const;

  /// The first node with a value that is not finite after forward (training mode), or -1.
  int first_non_finite(int worker, const Shard& shard) const;

  /// Bytes of all activation memory and scratch, for a graph that need not be allocated.
  static std::size_t bytes(const Graph& graph, ExecutionMode mode, const ExecutionLimits& limits);

 private:
  struct Buffer {
    std::size_t each = 0;  // floats an example; 0: not used
    std::size_t offset = 0;
    bool whole_batch = false;
  };
  /// How a layer's gradient for one of its inputs reaches the input's gradient buffer.
  struct GradientRoute {
    enum class Kind { none, overwrite, add } kind = Kind::none;
    std::size_t addend_offset = 0;  // for add: where the layer writes it, per example
  };
  struct NodePlan {
    Buffer activation, gradient, saved;
    std::vector<GradientRoute> routes;
  };
  struct WeightGradientTask {
    std::vector<int> nodes;  // layers that share the variable, one after the other
    int block;
  };
  struct Plan {
    std::vector<NodePlan> nodes;
    std::vector<WeightGradientTask> tasks;
    std::size_t worker_floats = 0, batch_floats = 0, scratch_floats = 0, addend_floats = 0;
  };

  static Plan make_plan(const Graph& graph, ExecutionMode mode, const ExecutionLimits& limits);
  static void plan_weight_gradient(const Graph& graph, int index, Plan& plan);
  static void plan_routes(const Graph& graph, const ExecutionLimits& limits, Plan& plan);
  static void place_buffers(const Graph& graph, ExecutionMode mode, const ExecutionLimits& limits,
                            Plan& plan);
  static void size_scratch(const Graph& graph, ExecutionMode mode, const ExecutionLimits& limits,
                           Plan& plan);

  float* at(const Buffer& buffer, int worker, std::size_t first);
  const float* at(const Buffer& buffer, int worker, std::size_t first) const;
  const Buffer& activation_of(int node) const;
  const Buffer& gradient_of(int node) const;
  void backward_node(int node, int worker, const Shard& shard, float* gradient);

  const Graph& graph_;
  Plan plan_;
  std::vector<WeightGradientTask> tasks_;
  AlignedArray batch_memory_;
  std::vector<AlignedArray> worker_memory_;
  std::vector<AlignedArray> scratch_;
  std::vector<AlignedArray> addends_;
  std::vector<std::vector<ShardView>> shard_views_;  // one list a worker
};

}  // namespace bnn
