#pragma once
// What a run shows in TensorBoard: the event files of its folder, OUT/tensorboard.
//
// A process writes one file, "events.out.tfevents.<seconds since 1970>.bnn"; a continued run begins
// another. Each step is in them once: opening the folder cuts off what earlier files hold beyond
// the step that the run continues from. A line of metrics.jsonl becomes one record: its numbers
// under their own names, those of a validation under "validation/…". Records are written at once
// and as a whole or not at all. Not thread-safe.

#include <cstdint>
#include <string>
#include <vector>

#include "bnn/core/file_descriptor.h"
#include "bnn/core/json_reader.h"
#include "bnn/infer/posterior_statistics.h"

namespace bnn {

class TensorBoard {
 public:
  /// Creates the folder if need be, cuts earlier files and begins one. Throws Error(io).
  /// @param step where the run stands; 0: at its beginning
  /// @param validated false if the validation of that step is still to come
  TensorBoard(const std::string& folder, std::uint64_t step, bool validated);

  /// Appends a line of metrics.jsonl, with histograms "posterior_scale/<tensor>" and
  /// "signal_to_noise/<tensor>". Throws Error(io); the file is then as it was before.
  void append(const Json& metrics, const std::vector<PosteriorHistograms>& histograms = {});

 private:
  void write(const std::string& record);

  std::string path_;
  FileDescriptor file_;
  std::size_t size_ = 0;  // of the whole records
};

}  // namespace bnn
