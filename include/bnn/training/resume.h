#pragma once
// Where a training run begins: at its start, or where the checkpoint of its folder left it.

#include "bnn/checkpoint/checkpoint.h"
#include "bnn/checkpoint/run_folder.h"
#include "bnn/process/run_log.h"
#include "bnn/training/run.h"

namespace bnn {

/// The state before the first step.
TrainingState initial_state(const Run& run);

/// Takes parameters, optimizer state and position from the folder's last checkpoint. Throws
/// Error(config) or Error(data) if that belongs to another run, Error(checkpoint) if it does not
/// fit this one.
TrainingState resume_run(Run& run, const RunFolder& folder, RunLog& log);

}  // namespace bnn
