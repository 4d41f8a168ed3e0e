#pragma once
// bnn-train --init: a config for data that nobody has described yet, on standard output, and what
// to do with it on stderr.
//
// The network is a preset (config/model_preset.h). The prior's scale, the weight of the KL and the
// number of steps were chosen on held-out images of five small sets (tests/bench/README.md). As
// many epochs as give some 4000 steps, but no more than a minute's or so work of two cores. Many
// images in colour get a residual network, which takes longer: up to an hour.

#include <string>
#include <vector>

#include "bnn/process/run_log.h"
#include "bnn/training/starter_data.h"

namespace bnn {

/// The config of a first run.
Json starter_config(const StarterData& data);

/// @param paths a folder, or files. Returns the exit code.
int write_starter(const std::vector<std::string>& paths, Verbosity verbosity);

}  // namespace bnn
