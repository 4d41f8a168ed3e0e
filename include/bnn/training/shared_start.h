#pragma once
// The beginning of a run in several processes: the first one reads the config and the weights that
// the run starts from, and tells the others. They need neither the config's file nor the run
// folder. Every process reads the data itself, and all compare what they have before the first
// step. A process alone reads its own, and compares nothing.

#include "bnn/checkpoint/checkpoint.h"
#include "bnn/exchange/exchange.h"
#include "bnn/training/loaded_config.h"
#include "bnn/training/run.h"
#include "bnn/training/training_run.h"

namespace bnn {

/// Throws AgreedError(config) where the options that steer the training differ. Call it first: what
/// the processes do depends on them.
void require_same_options(const TrainOptions& options, Exchange& exchange);

/// Settles --resume-or-start in the options, and loads the config.
LoadedConfig load_shared_config(TrainOptions& options, Exchange& exchange);

/// Gives the state, the parameters and, if the run goes on, the optimizer's state of the first
/// process to the others.
void share_start(Run& run, bool goes_on, TrainingState& state);

/// Throws AgreedError(config) where the program, the config, the data or the arithmetic of one
/// process differs from those of the first. Processors may differ.
void require_same_run(Run& run);

}  // namespace bnn
