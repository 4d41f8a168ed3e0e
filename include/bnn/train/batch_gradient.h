#pragma once
// The gradient of the data's part of the loss: the mean over a batch of -ln p(y | x, w), and of the
// penalties on layers' outputs, under one draw of the weights (or several, averaged).
//
// Where the loader mixes two examples, the loss of the mixture is that of both targets by their
// shares, and so is the count of correct ones.
//
// Every random tensor is drawn once for the whole batch; the batch is cut into a fixed number of
// shards; each runs forward and backward; their gradients are added up in a fixed tree and go
// through the posterior. The number of threads changes only the time: shards, chunks and the order
// of every sum are functions of the configuration alone.
//
// Where several processes train together, each computes a subtree of the shards and gets the
// gradient of the chunks that it owns (chunk_exchange.h).

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "bnn/bayes/likelihood.h"
#include "bnn/core/aligned_array.h"
#include "bnn/core/thread_pool.h"
#include "bnn/data/training_loader.h"
#include "bnn/model/chunks.h"
#include "bnn/model/execution.h"
#include "bnn/model/graph.h"
#include "bnn/train/chunk_exchange.h"
#include "bnn/train/shard_gradients.h"
#include "bnn/train/training_spec.h"

namespace bnn {

/// Sums over the examples of a batch, means over its samples.
struct BatchLoss {
  double nll = 0.0;               // nats
  double correct = 0.0;           // examples whose target is the most probable, if any can be
  double activity_penalty = 0.0;  // of the outputs of layers with an activity regularizer
};

/// The memory of a training step's activations, for the threads of a pool, in one of as many
/// processes.
ExecutionPlan training_plan(const Graph& graph, const TrainingSpec& spec, int threads,
                            int processes = 1);

class BatchGradient {
 public:
  /// All arguments, and what targets look at, must outlive this. Throws Error(config) if a shard of
  /// an epoch's batches has fewer examples than a layer needs.
  /// @param targets of all examples of the data set
  /// @param plan training_plan of graph, spec, pool.size() and the number of processes
  /// @param exchange with the other processes; null: this process trains alone
  BatchGradient(const Graph& graph, const Likelihood& likelihood, const Targets& targets,
                const TrainingSpec& spec, const TrainingLoader& loader, ThreadPool& pool,
                ExecutionPlan plan, Exchange* exchange = nullptr);
  /// Makes the plan, for a process alone.
  BatchGradient(const Graph& graph, const Likelihood& likelihood, const Targets& targets,
                const TrainingSpec& spec, const TrainingLoader& loader, ThreadPool& pool)
      : BatchGradient(graph, likelihood, targets, spec, loader, pool,
                      training_plan(graph, spec, pool.size())) {}

  /// The loss of the examples and, in gradient(), the gradient of its mean for every trainable
  /// variable of own chunks; for scales in the form that the optimizer takes, by untransformed
  /// scale or by sigma. `step` names augmentation and noise.
  BatchLoss compute(const float* parameters, std::uint64_t step,
                    std::span<const std::uint32_t> examples);

  const std::vector<Chunk>& chunks() const { return chunks_; }
  ChunkExchange& exchange() { return exchange_; }
  /// In the slices of layers' state: the sums over the batch that the layers asked for (layer.h).
  std::span<float> gradient() { return {gradient_.data(), layout_.size()}; }

  /// After a loss that is not finite: the first layer whose output was not, or "".
  std::string non_finite_layer() const;

  /// Bytes of everything that this allocates.
  static std::size_t bytes(const Graph& graph, const TrainingSpec& spec, const ExecutionPlan& plan);

 private:
  struct ShardResult {
    double nll = 0.0, correct = 0.0, activity_penalty = 0.0;
    int non_finite_node = -1;
  };

  void run_sample(int sample, std::uint64_t step, const float* parameters,
                  std::span<const std::uint32_t> examples, BatchLoss& loss);
  void draw_weights(std::uint32_t draw, const float* parameters);
  void run_shards(int sample, std::uint64_t step, std::span<const std::uint32_t> examples,
                  const ShardDeal& deal);
  void collect(int sample, const float* parameters, const ShardDeal& deal);
  void add_results(const ShardDeal& deal, BatchLoss& loss);
  ShardDeal cut_shards(std::span<const std::uint32_t> examples, std::uint32_t draw,
                       const float* parameters);
  void run_shard(std::size_t shard, int worker, std::span<const std::uint32_t> examples,
                 std::uint64_t step);
  ShardResult score_shard(const Shard& shard, int worker, std::span<const std::uint32_t> examples,
                          std::uint64_t step);
  void score_mixture(std::span<const float> outputs, std::uint32_t example, const Mixture& mixture,
                     int worker, float weight, std::span<float> gradient, ShardResult& result);
  AlignedArray& last_gradient();
  float* gradient_of(int sample);
  std::span<float* const> gradients_of(int sample);
  void reduce(const Chunk& chunk, int worker, float* gradient);
  void finish_gradient(const Chunk& chunk, const float* parameters, int sample);
  void finish_state(const Chunk& chunk, int sample);

  const Graph& graph_;
  const Likelihood& likelihood_;
  Targets targets_;
  const ParameterLayout& layout_;
  TrainingSpec spec_;
  const TrainingLoader& loader_;
  ThreadPool& pool_;
  std::vector<Chunk> chunks_, state_chunks_;
  Exchange alone_;
  ChunkExchange exchange_;
  AlignedArray noise_, draws_;
  AlignedArray gradient_, sample_gradient_;  // the latter for samples after the first
  std::vector<AlignedArray>
      use_gradients_;              // further ones of deferred variables (chunk_exchange.h)
  std::vector<float*> gradients_;  // those of the sample at hand
  Execution execution_;
  ShardGradients shard_gradients_;
  Pass common_pass_;           // without examples
  std::vector<Shard> shards_;  // of this process; their places are in its part of the batch
  std::vector<ShardResult> results_;
  std::vector<double> result_sums_;
  std::vector<float> partner_gradient_;   // [worker][outputs], where examples are mixed
  std::vector<std::uint32_t> positions_;  // 0, 1, …: the noise streams' example numbers
  int non_finite_node_ = -1;              // of the batch, in all processes
};

}  // namespace bnn
