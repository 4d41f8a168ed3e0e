#pragma once
// Where predictions go: lines of JSON or CSV to standard output as they come or to a file, or the
// mean probabilities to an NPY file. A file appears when it is whole. Not thread-safe.

#include <optional>
#include <string>

#include "bnn/files/atomic_file.h"
#include "bnn/files/npy.h"
#include "bnn/prediction/prediction_output.h"

namespace bnn {

class PredictionWriter {
 public:
  /// @param npy write probabilities (N, K) in float32 to `output` instead of lines
  /// @param output path of a file; empty or "-": standard output, which takes no NPY
  PredictionWriter(const PredictionFormat& format, bool npy, const std::string& output);

  void write(const PredictionRow& row);
  /// A line that says what is wrong with an image; JSON Lines only.
  void write_error(std::size_t index, const std::string& input, const std::string& problem);
  /// Flushes the lines so far; ends the run if nobody reads them.
  void flush();
  /// Puts a file in place.
  void finish();

 private:
  void write_text(const std::string& line);

  PredictionFormat format_;
  std::string header_;  // goes before the first row, or nowhere if there is none
  std::optional<AtomicFile> file_;
  std::optional<NpyTable> table_;
};

}  // namespace bnn
