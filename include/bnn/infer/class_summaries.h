#pragma once
// What the passes over an image say about its class, for the blocks of a Predictor whose likelihood
// gives the probability of each class. Probabilities are scaled by the block's temperature first
// (temperature.h). Thread-safe.

#include <cstddef>
#include <vector>

#include "bnn/core/thread_pool.h"
#include "bnn/infer/predictor.h"
#include "bnn/infer/temperature.h"

namespace bnn {

/// Image i of the block by its first `samples` passes, with what an OutlierScorer gave, if the
/// block was scored by one. Throws Error(numerical) as summarize does.
Summary summary_of(const PredictedBlock& block, std::size_t i, std::size_t samples);
Summary summary_of(const PredictedBlock& block, std::size_t i);

/// All images of the block, computed on the pool's threads.
std::vector<Summary> summaries_of(const PredictedBlock& block, ThreadPool& pool,
                                  std::size_t samples);
std::vector<Summary> summaries_of(const PredictedBlock& block, ThreadPool& pool);

}  // namespace bnn
