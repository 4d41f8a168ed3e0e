#pragma once
// What a training run writes: lines of metrics.jsonl, the last and the best checkpoint, and what
// TensorBoard shows. One policy for all of them:
//
// What cannot be written is told once and does not stop the training. It is kept and tried again
// whenever something of the run is written: lines and records wait in their order, and the weights
// of a best epoch whose checkpoint failed are copied. Each last checkpoint carries what waits by
// then, so that a resumed run writes it (histograms for TensorBoard excepted). A failure of one
// output keeps none of the others from being written. train.log repeats what stderr shows and is
// not counted. Not thread-safe.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "bnn/checkpoint/checkpoint.h"
#include "bnn/checkpoint/run_folder.h"
#include "bnn/process/run_log.h"
#include "bnn/training/run.h"
#include "bnn/training/tensorboard.h"

namespace bnn {

/// The weights of the best epoch while they wait to be written, and the state of that time.
struct UnsavedBest {
  TrainingState state;
  AlignedArray parameters;
};

class RunOutputs {
 public:
  /// All of them must outlive the outputs; the folder's metrics are open.
  RunOutputs(Run& run, RunFolder& folder, RunLog& log);

  /// Lines go there as well; it must outlive the outputs.
  void show_in(TensorBoard& board) { board_ = &board; }
  bool shows_histograms() const { return board_ != nullptr; }

  /// Adds a line to metrics.jsonl and its numbers to TensorBoard.
  void add_line(const Json& line, const std::vector<PosteriorHistograms>& histograms = {});
  /// The weights are the best so far.
  void save_best(const TrainingState& state);
  /// What an earlier process could not write.
  void save_best(UnsavedBest best);
  /// Everything that waits, and then the last checkpoint.
  void save_last(const TrainingState& state);

  /// Throws Error(io), naming what is missing, if anything is not written. Call after the last
  /// save_last.
  void require_all() const;

 private:
  struct Output {
    std::string name;          // in the run folder
    std::string failure = {};  // of the latest try; "": it is written
    bool has_warned = false;
  };

  bool attempt(Output& output, const std::function<void()>& write);
  void write_best(const TrainingState& state, AlignedArray& parameters);

  Run& run_;
  RunFolder& folder_;
  RunLog& log_;
  TensorBoard* board_ = nullptr;
  Json config_;  // as checkpoints store it
  std::optional<UnsavedBest> unsaved_best_;
  Output metrics_{"metrics.jsonl"}, last_{"checkpoints/last.safetensors"};
  Output best_{"checkpoints/best.safetensors"}, shown_{"tensorboard"};
};

}  // namespace bnn
