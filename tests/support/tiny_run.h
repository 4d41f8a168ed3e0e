#pragma once
// A run small enough to be trained in milliseconds, and shorthands for the programs in its folder.
//
// 60 training and 37 test images of 8 x 8 x 1 bytes in ten classes, as IDX pairs and as generic
// CIFAR-style files; a convolution of two filters, pooling and a dense layer; 12 images held out,
// batches of 10, so an epoch has five steps, the last one of eight images.

#include <initializer_list>
#include <string>
#include <vector>

#include "bnn/core/json_reader.h"
#include "support/run_program.h"
#include "support/temporary_directory.h"
#include "support/text_lines.h"

namespace bnn::testing {

using Words = std::vector<std::string>;

constexpr int kTinyTrainExamples = 48, kTinyValidationExamples = 12, kTinyTestExamples = 37;
constexpr int kTinyStepsPerEpoch = 5, kTinyEpochs = 2;
constexpr int kTinyTrainPattern = 0, kTinyTestPattern = 3;  // of data_files.h

/// Two epochs on the IDX pairs.
Json tiny_config();
/// The same on the CIFAR-style files, whose records carry the labels.
Json tiny_cifar_config();

/// Records of a label byte and 64 pixels.
std::string cifar_records(int examples, int pattern);

class TinyRun {
 public:
  /// Writes the data files and tiny.json.
  explicit TinyRun(const Json& config = tiny_config());

  const std::string& path() const { return folder_.path(); }
  std::string file(const std::string& name) const { return folder_.file(name); }
  /// OUT/checkpoints/last.safetensors
  std::string last(const std::string& out = "run") const;
  std::string read(const std::string& name) const;
  /// Names of all files and folders below, sorted; folders end in a slash.
  std::vector<std::string> tree() const;
  void write_config(const Json& config, const std::string& name = "tiny.json") const;

  /// bnn-train --config tiny.json --threads 2, and these arguments, in the run's folder.
  ProgramRun train(const Words& arguments, ProgramOptions options = {}) const;
  /// bnn-train with these arguments alone.
  ProgramRun train_raw(const Words& arguments, ProgramOptions options = {}) const;
  /// bnn-eval run/checkpoints/last.safetensors and these arguments.
  ProgramRun eval(const Words& arguments, ProgramOptions options = {}) const;
  ProgramRun predict(const Words& arguments, ProgramOptions options = {}) const;

 private:
  ProgramRun run(const std::string& program, Words words, const Words& arguments,
                 ProgramOptions options) const;

  TemporaryDirectory folder_;
};

/// One whose run is in "run", trained with these further arguments.
class TrainedRun : public TinyRun {
 public:
  explicit TrainedRun(const Json& config = tiny_config(), const Words& arguments = {});
};

std::string read_bytes(const std::string& path);
/// One JSON value a line; throws if a line is none.
std::vector<Json> json_lines(const std::string& text);
std::vector<std::string> keys_of(const Json& object);
/// The lines of metrics.jsonl without what depends on the clock.
std::vector<std::string> timeless_metrics(const std::string& text);

/// Checks the run's exit code and that it failed with exactly one line, as the contract asks:
/// "<program>: error: …", at most 500 bytes, printable, with `part` in it.
void check_failure(const ProgramRun& run, const std::string& program, int exit_code,
                   const std::string& part = "");

/// Runs bnn-train on this text as its config, bad.json: it must fail within two seconds as
/// check_failure asks, name bad.json first, and leave the folder as it was.
void check_config_refused(const TinyRun& tiny, const std::string& text, const std::string& part);

}  // namespace bnn::testing
