#pragma once
// bnn-train --find-learning-rate: a sweep over learning rates (rate_sweep.h) with the config's
// network, data, augmentation and optimizer.
//
// It writes learning_rate.csv and learning_rate.html into a folder, and nothing else there. The
// run's trainer ends with weights that are of no use.

#include <string>

#include "bnn/process/run_log.h"
#include "bnn/training/rate_sweep.h"
#include "bnn/training/run.h"

namespace bnn {

/// Of several processes, the first one writes.
/// @param folder created if need be
/// @return the sentence that says which rate is suggested
std::string find_learning_rate(Run& run, const RateRange& range, int steps,
                               const std::string& folder, RunLog& log);

}  // namespace bnn
