#include "bnn/prediction/prediction_writer.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <span>
#include <utility>
#include <vector>

#include "bnn/core/error.h"
#include "bnn/process/output_paths.h"
#include "bnn/process/stop_signal.h"

namespace bnn {
namespace {

[[noreturn]] void fail() {
  const int error = errno;
  stop_if_asked();  // if that is what ended the writing
  if (error == EPIPE) throw ReaderLeft{};
  throw Error(ErrorKind::io, std::string("standard output: ") + std::strerror(error));
}

}  // namespace

PredictionWriter::PredictionWriter(const PredictionFormat& format, bool npy,
                                   const std::string& output)
    : format_(format) {
  if (npy) {
    table_.emplace(output, static_cast<std::size_t>(format.classes));
    return;
  }
  if (!is_standard_output(output)) file_.emplace(output);
  header_ = prediction_header(format);
}

void PredictionWriter::write(const PredictionRow& row) {
  if (!table_) {
    write_text(std::exchange(header_, "") + prediction_line(format_, row));
    return;
  }
  std::vector<float> values;
  for (const double p : row.summary.probabilities) values.push_back(static_cast<float>(p));
  table_->write_row(values);
}

void PredictionWriter::write_error(std::size_t index, const std::string& input,
                                   const std::string& problem) {
  write_text(error_line(index, input, problem));
}

void PredictionWriter::write_text(const std::string& line) {
  if (file_) {
    file_->write(std::as_bytes(std::span(line)));
  } else if (std::fwrite(line.data(), 1, line.size(), stdout) != line.size()) {
    fail();
  }
}

void PredictionWriter::flush() {
  if (!file_ && !table_ && std::fflush(stdout) != 0) fail();
}

void PredictionWriter::finish() {
  if (file_) file_->commit();
  if (table_) table_->finish();
}

}  // namespace bnn
