#pragma once
// A training step on the negative evidence lower bound.
//
//   loss = mean over the batch of -ln p(y | x, w) + lambda KL(q || p) / N + penalties
//
// in nats per example: KL summed over all weights, N the number of training examples, penalties
// those of regularizers (on outputs: the mean over the batch). A step takes the gradient of the
// first term from one draw of the weights (BatchGradient) and that of the others (ParameterLoss) in
// the form that the optimizer asks for, clips their norm, lets the optimizer move the parameters,
// projects constrained variables and lets layers renew their state (StateUpdate). The thread count
// changes nothing but time.
//
// Where several processes train together (exchange/exchange.h), each calls the same functions with
// the same arguments, and its optimizer moves the chunks that it owns. step, gather_… and kl
// are called by all of them.
//
// With averaging (weight_average.h), parameters() are the average over the steps. The weights that
// the steps move are then one more array of the state, "mean".

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "bnn/model/state_update.h"
#include "bnn/train/batch_gradient.h"
#include "bnn/train/parameter_loss.h"
#include "bnn/train/training_spec.h"

namespace bnn {

/// What one step saw, before its update.
struct StepStats {
  std::size_t examples = 0;
  double nll = 0.0;      // nats, summed over the batch, mean over samples
  double correct = 0.0;  // examples that the likelihood calls right, mean over samples
  double kl = 0.0;       // nats, summed over all weights, undivided
  double penalty = 0.0;  // of all regularizers, nats per example
  double kl_weight = 0.0;
  double learning_rate = 0.0;
};

class Trainer {
 public:
  /// All arguments, and what targets look at, must outlive the trainer. The loader's examples are
  /// N. @param targets of all examples of the data set
  /// @param plan training_plan of graph, spec, pool.size() and the number of processes; made here
  ///   if there is none
  /// @param exchange with the other processes; null: this process trains alone
  Trainer(const Graph& graph, const Likelihood& likelihood, const Targets& targets,
          const TrainingSpec& spec, const TrainingLoader& loader, ThreadPool& pool,
          std::optional<ExecutionPlan> plan = std::nullopt, Exchange* exchange = nullptr);

  const Likelihood& likelihood() const { return likelihood_; }
  std::uint64_t steps_per_epoch() const;

  /// Step number `step` (from 1) on the given examples. Throws Error(numerical), naming the first
  /// layer, if the loss of the batch is not finite. Parameters and state are then unchanged. Also
  /// throws if the KL, a penalty or the gradient is not finite or too large. A trainer that clips
  /// then still has the old parameters. Any other trainer has moved them and must not be used
  /// again. Also throws if a layer's new state is not finite. No trainer may be used again then.
  /// @param learning_rate instead of the schedule's
  StepStats step(std::uint64_t step, std::span<const std::uint32_t> examples,
                 std::optional<double> learning_rate = std::nullopt);

  /// KL of the current parameters in nats; what of it is Monte Carlo, with the noise of `step`.
  double kl(std::uint64_t step = 0);

  /// What checkpoints hold and predictions use. The first step starts from them.
  AlignedArray& parameters() { return parameters_; }
  /// Throws Error(checkpoint) if the state that was restored is none of the optimizer.
  void check_state() const { optimizer_->check_state(); }
  /// Takes the part of the first process's array number `index` of the state that this process
  /// needs. `values` are that array, or memory for it in other processes.
  void share_state(std::size_t index, AlignedArray& values);
  /// Between steps, a process has no more of averaged parameters and of the optimizer's state than
  /// it owns. These complete the parameters in every process, and the state in the first one.
  void gather_parameters();
  void gather_state();
  Exchange& exchange() { return chunk_exchange().exchange(); }
  /// Its state, which belongs to the parameters; with averaging, also the weights of the last step.
  std::vector<StateArray>& optimizer_state() { return optimizer_->state(); }

  /// Bytes of everything that a trainer of this graph allocates.
  static std::size_t bytes(const Graph& graph, const TrainingSpec& spec, const ExecutionPlan& plan);

 private:
  bool clips() const { return spec_.gradient_clip_norm > 0.0; }
  AlignedArray& weights();
  ChunkExchange& chunk_exchange() { return batch_gradient_.exchange(); }
  template <typename Visit>
  void for_own_chunks(const Visit& visit);
  bool is_trained(const RandomTensor& tensor) const;
  bool keeps_parts() const { return spec_.optimizer.form == GradientForm::parts; }
  std::span<float> regularization_gradient();
  ChunkGradient gradient_of(const Chunk& chunk, float factor);
  double finish_chunks(std::uint64_t step, float kl_scale);
  void add_regularization(std::size_t chunk, int worker, float kl_scale);
  double square_of(const Chunk& chunk);
  void update(const Chunk& chunk, float factor);
  void update_priors(float factor);
  void project_variables();
  void renew_layer_state(std::uint64_t step, std::size_t examples);
  void take_weights(std::uint64_t step);
  void average_weights(std::uint64_t step);
  [[noreturn]] void fail_non_finite(std::uint64_t step) const;

  const Likelihood& likelihood_;
  const ParameterLayout& layout_;
  TrainingSpec spec_;
  const TrainingLoader& loader_;
  ThreadPool& pool_;
  BatchGradient batch_gradient_;
  ParameterLoss parameter_loss_;
  StateUpdate layer_state_;
  AlignedArray parameters_;
  AlignedArray parts_gradient_;  // of KL and penalties, where the optimizer takes it apart
  std::unique_ptr<Optimizer> optimizer_;
  std::vector<std::size_t> constrained_variables_;  // trained and constrained
};

}  // namespace bnn
