#pragma once
// What a training run writes: lines of metrics.jsonl, the last and the best checkpoint, and what
// TensorBoard shows. One policy for all of them:
//
// A failed write gives one warning for each output and does not stop the training. Lines and
// records wait in their order, and the weights of a best epoch whose checkpoint failed are copied.
// Lines and records are tried again with the next line, and everything with save_last. Where
// something waits, the last checkpoint is saved before the others and carries the waiting lines and
// the best weights (or the lines alone, if there is no room for both). As long as the last
// checkpoint itself waits, nothing else takes space before it. A resumed run writes what was
// carried (histograms for TensorBoard are lost). There is never a best checkpoint before the first
// last one: a run that stopped in between could be neither resumed nor begun again.
// A failure of one output does not keep the others from being written. train.log repeats what
// stderr shows and is not counted. Not thread-safe.

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
  /// Adds a point within an epoch to TensorBoard alone.
  void show_point(const Json& line);
  /// The weights are the best so far.
  void save_best(const TrainingState& state);
  /// What an earlier process could not write.
  void save_best(UnsavedBest best);
  /// The last checkpoint and everything that waits.
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

  /// False while the last checkpoint waits for space.
  bool may_write() const;
  void write_last(const TrainingState& state);
  void write_others();
  bool attempt(Output& output, const std::function<void()>& write);
  void write_best(const TrainingState& state, AlignedArray& parameters);

  Run& run_;
  RunFolder& folder_;
  RunLog& log_;
  TensorBoard* board_ = nullptr;
  std::optional<UnsavedBest> unsaved_best_;
  Output metrics_{"metrics.jsonl"}, last_{"checkpoints/last.safetensors"};
  Output best_{"checkpoints/best.safetensors"}, shown_{"tensorboard"};
};

}  // namespace bnn
