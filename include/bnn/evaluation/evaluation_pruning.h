#pragma once
// bnn-eval --prune: the same images and samples with fewer and fewer of the network's weights.

#include <string>
#include <vector>

#include "bnn/checkpoint/model_checkpoint.h"
#include "bnn/core/thread_pool.h"
#include "bnn/evaluation/evaluation_images.h"
#include "bnn/infer/evaluation.h"
#include "bnn/infer/predictor.h"

namespace bnn {

/// Throws Error(usage), naming the checkpoint, if the network has no random weights to rank.
void require_prunable(const std::string& checkpoint, const ModelCheckpoint& model);

/// One point for each share of the weights to be removed, in their order.
std::vector<PruningPoint> evaluate_pruning(const ModelCheckpoint& model,
                                           const EvaluationImages& images,
                                           const PredictionSpec& spec,
                                           const std::vector<double>& shares, ThreadPool& pool);

}  // namespace bnn
