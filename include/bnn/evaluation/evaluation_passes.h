#pragma once
// The passes of an evaluation over its images: the network with Monte Carlo samples, which gives
// metrics, intervals, the sample sweep and the scores of out-of-distribution detection all at once,
// and the network with mean weights.

#include <cstdint>
#include <functional>
#include <vector>

#include "bnn/checkpoint/model_checkpoint.h"
#include "bnn/core/thread_pool.h"
#include "bnn/evaluation/eval_options.h"
#include "bnn/evaluation/evaluation_images.h"
#include "bnn/infer/ensemble_predictor.h"
#include "bnn/infer/evaluation.h"

namespace bnn {

/// What the passes share. All must outlive them.
struct EvaluationSetup {
  const EvalOptions& options;
  const std::vector<ModelCheckpoint>& models;
  ThreadPool& pool;
};

/// Called for each image after its prediction, with its summary and its dataset index.
using VisitExample = std::function<void(const Summary& summary, std::uint32_t example)>;

/// Fills in metrics, intervals and, for 1, 2, 4, … and all evaluation.samples, the sweep; writes
/// --save-samples.
/// @return the images' scores, for out-of-distribution detection
OodScores evaluate_samples(const EvaluationSetup& setup, EnsemblePredictor& predictor,
                           const EvaluationImages& images, const VisitExample& visit,
                           Evaluation& evaluation);

/// The metrics of one pass with the posterior means, scaled by a temperature (1: as they are).
Metrics evaluate_mean_weights(const EvaluationSetup& setup, const EvaluationImages& images,
                              double temperature);

/// The scores of images without labels.
OodScores score_images(const EvaluationSetup& setup, EnsemblePredictor& predictor,
                       const EvaluationImages& images, const VisitExample& visit);

}  // namespace bnn
