#pragma once
// The folder of one training run, and the lock that keeps two processes from writing to it.
//
//     config.json  train.log  metrics.jsonl  checkpoints/last.safetensors, best.safetensors
//     tensorboard/ if asked for (tensorboard.h)
//
// The lock is an flock of the folder itself: it ends with the process, however that ends, and
// leaves no file behind. Not thread-safe.

#include <cstdint>
#include <string>
#include <vector>

#include "bnn/core/file_descriptor.h"
#include "bnn/core/json_reader.h"
#include "bnn/files/atomic_file.h"
#include "bnn/files/record_file.h"

namespace bnn {

enum class FolderUse {
  fresh,      // must hold no checkpoint, and no file of a run's name that is not a run's
  resume,     // must hold one
  overwrite,  // what an earlier run left is removed
};

class RunFolder {
 public:
  /// Creates the folder if need be, locks it and checks what it holds. Throws Error(locked) if
  /// another process has it, Error(usage) if its contents do not fit the use, Error(io).
  RunFolder(const std::string& path, FolderUse use);

  const std::string& path() const { return path_; }
  std::string config_file() const { return path_ + "/config.json"; }
  std::string log_file() const { return path_ + "/train.log"; }
  std::string last_checkpoint() const { return path_ + "/checkpoints/last.safetensors"; }
  bool has_last_checkpoint() const;
  std::string best_checkpoint() const { return path_ + "/checkpoints/best.safetensors"; }

  std::string tensorboard_folder() const { return path_ + "/tensorboard"; }

  /// Drops lines of metrics.jsonl beyond `step` (and a torn last line), then opens it to append.
  /// @param validated false if the validation of that step is still to come: its line goes as well
  /// @param unwritten lines that an earlier process could not write; those that the file does not
  ///   hold wait to be written
  void open_metrics(std::uint64_t step, bool validated = true, const std::string& unwritten = "");
  /// Adds one line that waits for the next call.
  void hold_metrics(const Json& line);
  /// Appends one line. Throws Error(io): the line then waits and the next call tries again.
  void append_metrics(const Json& line);
  /// Makes the lines so far durable; call before the checkpoint that covers them. Throws Error(io).
  void sync_metrics() { metrics_.sync(); }
  /// The lines that wait.
  const std::string& unwritten_metrics() const { return metrics_.waiting(); }
  /// All lines, those that wait included.
  std::string metrics_text() const;

 private:
  std::string metrics_file() const { return path_ + "/metrics.jsonl"; }

  std::string path_;
  FileDescriptor folder_;
  RecordFile metrics_;
};

/// True if the folder holds a run that can be resumed.
bool is_run(const std::string& folder);

/// Throws what RunFolder throws of a folder that is in use or whose contents do not fit; makes and
/// changes nothing.
void require_usable(const std::string& folder, FolderUse use);

/// Throws Error(checkpoint) if there is no last checkpoint in the folder.
void require_resumable(const std::string& folder);

/// Every file that belongs with a checkpoint, whether it is there or not: the checkpoint, its
/// calibration, its features and, where it lies in a run folder, all that bnn-train and bnn-eval
/// keep in that.
std::vector<std::string> run_files(const std::string& checkpoint);

/// The run folder that a checkpoint lies in, "" if it does not lie in one.
std::string run_folder_of(const std::string& checkpoint);

}  // namespace bnn
