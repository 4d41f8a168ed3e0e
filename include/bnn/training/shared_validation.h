#pragma once
// The validation of a training run, shared out among the processes that train together.
//
// A prediction depends on nothing but the image, its name and the weights, so each process predicts
// a part of the images. Then all get what the metrics need of each image, and compute the same
// numbers from it as a process alone.

#include <optional>

#include "bnn/exchange/exchange.h"
#include "bnn/infer/metrics.h"
#include "bnn/infer/predictor.h"
#include "bnn/training/training_data.h"

namespace bnn {

/// The metrics of the images that were held out; nothing if a signal stopped one of the processes.
/// @param predictor whose check throws Stopped after a signal
std::optional<Metrics> validate_together(Predictor& predictor, const TrainingData& data,
                                         int classes, ThreadPool& pool, Exchange& exchange);

}  // namespace bnn
