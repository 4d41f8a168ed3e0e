#pragma once
// What a run shows in TensorBoard: the event files of its folder, OUT/tensorboard.
//
// A process writes one file, "events.out.tfevents.<seconds since 1970>.bnn"; a continued run begins
// another. Each step is in them once: opening the folder cuts off what earlier files hold beyond
// the step that the run continues from. A line of metrics.jsonl becomes one record: its numbers
// under their own names, those of a validation under "validation/…". Points within an epoch, which
// metrics.jsonl does not have, are under "batch/…"; the last step of an epoch has none. A record
// that cannot be written waits for the next try. What earlier processes could not write, or were
// not asked to, is added from metrics.jsonl, without histograms. Not thread-safe.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "bnn/core/json_reader.h"
#include "bnn/files/record_file.h"
#include "bnn/infer/posterior_statistics.h"

namespace bnn {

class TensorBoard {
 public:
  /// Creates the folder if need be, cuts earlier files and begins one. Throws Error(io).
  /// @param step where the run stands; 0: at its beginning
  /// @param validated false if the validation of that step is still to come
  TensorBoard(const std::string& folder, std::uint64_t step, bool validated);

  /// The lines of metrics.jsonl, a text, that earlier files do not show wait to be written.
  void catch_up(std::string_view metrics);

  /// Appends a line of metrics.jsonl or a point within an epoch, with histograms
  /// "posterior_scale/<tensor>" and "signal_to_noise/<tensor>". Throws Error(io); the record then
  /// waits.
  void append(const Json& metrics, const std::vector<PosteriorHistograms>& histograms = {});

  /// The same, but the record waits for the next call.
  void hold(const Json& metrics, const std::vector<PosteriorHistograms>& histograms = {});

  /// Writes the records that wait. Throws Error(io).
  void flush() { file_.flush(); }

 private:
  RecordFile file_;
  std::map<std::uint64_t, int> shown_;  // records of each step in earlier files
};

}  // namespace bnn
