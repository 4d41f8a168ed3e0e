#pragma once
// One step down the negative evidence lower bound.
//
//   loss = mean over the batch of -ln p(y | x, w) + lambda KL(q || p) / N      nats per example,
//
// KL summed over all weights, N the number of training examples. A step draws one perturbation of
// the weights for the whole batch, cuts the batch into a fixed number of shards, runs the network
// forward and backward on each, adds the shards' gradients up in a fixed tree, adds the gradient of
// the KL, and lets Adam take one step. With `samples` above one, that many perturbations are
// averaged. The thread count changes nothing but the time it takes: shards, chunks and the order of
// every sum are functions of the configuration alone.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "bnn/core/aligned_array.h"
#include "bnn/core/thread_pool.h"
#include "bnn/data/loader.h"
#include "bnn/model/chunks.h"
#include "bnn/model/execution.h"
#include "bnn/model/graph.h"
#include "bnn/train/adam.h"
#include "bnn/train/schedule.h"

namespace bnn {

struct TrainingSpec {
  std::uint64_t epochs = 10;
  int batch_size = 128;
  std::uint64_t seed = 0;
  int shards = 8;
  int samples = 1;
  AdamSpec adam = {};
  ScheduleSpec schedule = {};
  double gradient_clip_norm = 0.0;  // 0: none
  KlSpec kl = {};
};

/// What one step saw, before its update.
struct StepStats {
  std::size_t examples = 0;
  double nll = 0.0;      // nats, summed over the batch, mean over samples
  double correct = 0.0;  // examples whose arg max is the label, mean over samples
  double kl = 0.0;       // nats, summed over all weights, undivided
  double kl_weight = 0.0;
  double learning_rate = 0.0;
};

class Trainer {
 public:
  /// All three arguments must outlive the trainer. `examples` is N.
  Trainer(const Graph& graph, const TrainingSpec& spec, const Loader& loader, ThreadPool& pool);

  std::uint64_t steps_per_epoch() const;

  /// Step number `step` (from 1) on the given examples. Throws Error(numerical), naming the first
  /// layer, if the loss or the gradient is not finite.
  StepStats step(std::uint64_t step, std::span<const std::uint32_t> examples);

  /// KL of the current parameters in nats.
  double kl();

  AlignedArray& parameters() { return parameters_; }
  AlignedArray& first_moments() { return m_; }
  AlignedArray& second_moments() { return v_; }

  /// Bytes of everything that a trainer of this graph allocates.
  static std::size_t bytes(const Graph& graph, const TrainingSpec& spec, int threads);

 private:
  struct ShardResult {
    double nll = 0.0, correct = 0.0;
    int non_finite_node = -1;
  };

  void cut_shards(std::span<const std::uint32_t> examples, std::uint32_t draw);
  void draw_weights(std::uint32_t draw);
  void run_shard(std::size_t shard, int worker, std::span<const std::uint32_t> examples,
                 std::uint64_t step);
  void run_sample(int sample, std::uint64_t step, std::span<const std::uint32_t> examples,
                  StepStats& stats);
  void collect_gradient(const Chunk& chunk, int worker, bool first_sample);
  void reduce_shards(const Chunk& chunk, std::size_t variable, int worker);
  void add_kl(std::size_t index, float weight);
  void update(const Chunk& chunk, const AdamStep& adam, float gradient_scale);
  bool is_trainable(const Chunk& chunk) const;
  [[noreturn]] void fail_non_finite(std::uint64_t step) const;

  const Graph& graph_;
  const ParameterLayout& layout_;
  TrainingSpec spec_;
  const Loader& loader_;
  ThreadPool& pool_;
  std::vector<Chunk> chunks_;
  Execution execution_;
  AlignedArray parameters_, m_, v_;
  AlignedArray noise_, perturbation_;
  AlignedArray sample_gradient_, gradient_;
  std::vector<AlignedArray> shard_gradients_;
  std::vector<AlignedArray> partial_sums_;  // one a worker
  std::vector<Shard> shards_;
  std::vector<ShardResult> results_;
  std::vector<double> result_sums_;
  std::vector<std::uint32_t> positions_;  // 0, 1, … : the sign streams' example numbers
  std::vector<int> labels_;
  std::vector<double> chunk_kl_, chunk_square_;
};

}  // namespace bnn
