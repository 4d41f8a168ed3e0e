#pragma once
// The streams of an evaluation, predicted by networks. Not thread-safe.

#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "bnn/checkpoint/model_checkpoint.h"
#include "bnn/core/thread_pool.h"
#include "bnn/evaluation/eval_options.h"
#include "bnn/evaluation/evaluation_inputs.h"
#include "bnn/evaluation/evaluation_plan.h"
#include "bnn/infer/ensemble_predictor.h"
#include "bnn/infer/outlier_scores.h"
#include "bnn/infer/pruning.h"

namespace bnn {

class StreamPredictor {
 public:
  /// Called for each block of images in order; labels are those of the block's images.
  using VisitBlock = std::function<void(const PredictedBlock& block, std::span<const int> labels)>;

  /// All must outlive the predictor.
  /// @param check called often, on any thread of the pool; what it throws ends a stream
  StreamPredictor(const EvalOptions& options, const std::vector<ModelCheckpoint>& models,
                  const EvaluationInputs& inputs, ThreadPool& pool, std::function<void()> check);

  const EvaluationPlan& plan() const { return plan_; }
  /// How often the check will be called, about, in all streams.
  double checks() const;

  void run(std::size_t stream, const VisitBlock& visit);

 private:
  void make_plan();
  void predict(EnsemblePredictor& predictor, const Dataset& shown, const EvaluationImages& images,
               const VisitBlock& visit);
  void run_corrupted(const EvaluationStream& stream, const VisitBlock& visit);
  void run_mean_weights(const VisitBlock& visit);
  void run_pruned(const EvaluationStream& stream, const VisitBlock& visit);

  const EvalOptions& options_;
  const std::vector<ModelCheckpoint>& models_;
  const EvaluationInputs& inputs_;
  ThreadPool& pool_;
  std::function<void()> check_;
  std::vector<OutlierScorer> scorers_;  // of each network; none if there is nothing to find
  EnsemblePredictor predictor_;
  std::optional<PruningOrder> pruning_;
  std::optional<Dataset> corrupted_;  // room for the images of one severity
  EvaluationPlan plan_;
};

}  // namespace bnn
