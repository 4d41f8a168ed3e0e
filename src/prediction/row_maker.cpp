#include "bnn/prediction/row_maker.h"

#include <algorithm>
#include <fmt/format.h>
#include <numeric>
#include <unistd.h>
#include <vector>

#include "bnn/core/display_text.h"
#include "bnn/core/input_file.h"
#include "bnn/infer/class_summaries.h"

namespace bnn {
namespace {

// The weights are drawn anew for each block: small ones answer soon, large ones cost less an image.
constexpr std::size_t kFirstBlock = 16, kLastBlock = 2048;

// Of image i of the block. An error names the image.
Summary named_summary(const PredictedBlock& block, std::size_t i, const std::string& input) {
  try {
    return summary_of(block, i);
  } catch (const Error& error) {
    throw Error(error.kind(), shown_path(input) + ": " + error.what());
  }
}

}  // namespace

RowMaker::RowMaker(const ModelCheckpoint& model, Predictor& predictor, const Outputs& out,
                   const ImageRange& range, RunLog& log)
    : standardizer_(model.standardization),
      predictor_(predictor),
      out_(out),
      range_(range),
      log_(log),
      index_(range.first),
      block_(kFirstBlock) {}

void RowMaker::add(const Dataset& data, const ImageRange& examples) {
  if (examples.size() == 0) return;
  changes_.add(data.changes());
  std::vector<std::uint32_t> chosen(examples.size());
  std::iota(chosen.begin(), chosen.end(), static_cast<std::uint32_t>(examples.first));
  for (std::size_t first = 0; first < chosen.size();) {
    const auto part = std::span(chosen).subspan(first, std::min(block_, chosen.size() - first));
    predictor_.predict(data, standardizer_, part,
                       [&](const PredictedBlock& block) { add_block(data, block); });
    first += part.size();
    block_ = std::min(2 * block_, kLastBlock);
  }
}

void RowMaker::add_error(const std::string& input, const std::string& problem) {
  out_.rows.write_error(index_++, input, problem);
  out_.rows.flush();
  ++errors_;
}

void RowMaker::add_block(const Dataset& data, const PredictedBlock& block) {
  const std::size_t count = block.examples.size();
  if (out_.samples != nullptr) {
    out_.samples->write_block(index_ - range_.first, count, block.predictions);
  }
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint32_t example = block.examples[i];
    const std::string input = input_name(data, example);
    PredictionRow row{index_++, input, {}, named_summary(block, i, input), {}};
    if (data.has_labels()) row.label = data.labels()[example];
    if (out_.conformal) {
      row.prediction_set = prediction_set(*out_.conformal, row.summary.probabilities);
    }
    out_.rows.write(row);
  }
  out_.rows.flush();
  show_progress();
}

// Rows on the same terminal would break the line; they show progress themselves.
void RowMaker::show_progress() {
  if (range_.size() == 0 || isatty(STDOUT_FILENO) == 1 || !log_.progress_is_due()) return;
  const std::size_t done = index_ - range_.first;
  const double share = static_cast<double>(done) / static_cast<double>(range_.size());
  const double seconds = std::chrono::duration<double>(Clock::now() - start_).count();
  log_.progress(fmt::format("predicted {} of {} images  ETA {}", done, range_.size(),
                            duration_text(seconds * (1 - share) / share)));
}

}  // namespace bnn
