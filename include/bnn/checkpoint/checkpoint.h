#pragma once
// What a checkpoint means: the resolved config, where training stands, and the tensors of a graph.
// checkpoint_file.h has the format on the disk.
//
// Where training stands is a handful of numbers: random streams are named by the step, so there is
// no generator state to save. Sums over the epoch at hand are stored as well, so that its log line
// is the same whether or not the run was interrupted.

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "bnn/config/run_config.h"
#include "bnn/core/aligned_array.h"
#include "bnn/files/checkpoint_file.h"
#include "bnn/model/graph.h"
#include "bnn/train/optimizer.h"

namespace bnn {

struct TrainingState {
  std::uint64_t step = 0;               // optimizer updates made
  std::uint64_t epoch = 0;              // epochs completed
  std::uint64_t training_examples = 0;  // N
  std::uint64_t data_digest = 0;        // of the training files, to notice other data on resuming
  // Sums over the examples of the epoch at hand.
  double epoch_nll = 0.0, epoch_correct = 0.0;
  std::uint64_t epoch_examples = 0;
  // The best validation so far; best_epoch 0: none yet.
  double best_nll = 0.0;
  std::uint64_t best_epoch = 0;
  // The same of what early stopping monitors, where only improvements beyond min_delta count.
  double monitored_best = 0.0;
  std::uint64_t monitored_epoch = 0;
};

/// True if all steps of the epoch at hand are made but its validation is still to come: a signal
/// stopped it.
inline bool validation_is_due(const TrainingState& state, std::uint64_t steps_per_epoch) {
  return state.step == (state.epoch + 1) * steps_per_epoch &&
         state.epoch_examples == state.training_examples;
}

/// The parameters and, for training, the state of the optimizer; an empty state is neither written
/// nor read.
struct ModelArrays {
  AlignedArray* parameters;
  std::span<StateArray> optimizer = {};
};

/// What a run could not write so far. Its last checkpoint carries that, so that a resumed run can.
struct UnwrittenOutputs {
  std::string metrics = {};                   // lines of metrics.jsonl
  const TrainingState* best_state = nullptr;  // of the best checkpoint; null if that is written
  AlignedArray* best_parameters = nullptr;
};

/// Writes a checkpoint atomically and durably. Numbers that a reader would refuse are
/// Error(numerical).
void save_checkpoint(const std::string& path, const Json& config, const TrainingState& state,
                     const ParameterLayout& layout, const ModelArrays& arrays,
                     const UnwrittenOutputs& unwritten = {});

/// A best checkpoint that is carried by another.
struct CarriedCheckpoint {
  TrainingState state;
  CheckpointContents contents;  // tensors alone
};

/// A checkpoint read and verified, but not yet tied to a graph.
struct LoadedCheckpoint {
  RunConfig config;
  TrainingState state;
  CheckpointContents contents;
  std::string unwritten_metrics = {};
  std::optional<CarriedCheckpoint> unwritten_best = {};
};

/// Throws Error(checkpoint), naming the file, on anything wrong with it.
LoadedCheckpoint load_checkpoint(const std::string& path);
LoadedCheckpoint load_checkpoint(InputFile& file);

/// Copies the tensors into arrays of the layout. Every tensor of the arrays must be there in its
/// shape, and no other, but for those of an optimizer whose state is not wanted. Throws
/// Error(checkpoint) naming file and tensors.
void restore_arrays(const std::string& path, const CheckpointContents& contents,
                    const ParameterLayout& layout, const ModelArrays& arrays);

}  // namespace bnn
