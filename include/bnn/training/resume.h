#pragma once
// Where a training run begins: at its start, or where the checkpoint of its folder left it.

#include <optional>
#include <string>

#include "bnn/checkpoint/checkpoint.h"
#include "bnn/checkpoint/run_folder.h"
#include "bnn/process/run_log.h"
#include "bnn/training/run.h"
#include "bnn/training/run_outputs.h"

namespace bnn {

/// The state before the first step.
TrainingState initial_state(Run& run);

/// Where a run goes on, and what the process before could not write.
struct Resumption {
  TrainingState state;
  std::string unwritten_metrics;
  std::optional<UnsavedBest> unsaved_best;
};

/// Takes parameters, optimizer state and position from the folder's last checkpoint. Throws
/// Error(config) or Error(data) if that belongs to another run, Error(checkpoint) if it does not
/// fit this one. If no file has the weights of the best epoch, it warns. The best epoch is then
/// that of the best checkpoint, or none.
Resumption resume_run(Run& run, const RunFolder& folder, RunLog& log);

}  // namespace bnn
