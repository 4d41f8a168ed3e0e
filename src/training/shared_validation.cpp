#include "bnn/training/shared_validation.h"

#include <algorithm>
#include <span>
#include <vector>

#include "bnn/infer/class_summaries.h"
#include "bnn/infer/summary.h"
#include "bnn/process/stop_signal.h"

namespace bnn {
namespace {

// What metrics read of a summary, as numbers in a row: these, then the probabilities.
constexpr std::size_t kNumbers = 5;

void write_row(const Summary& summary, double* row) {
  *row++ = summary.predicted;
  *row++ = summary.confidence;
  *row++ = summary.predictive_entropy;
  *row++ = summary.expected_entropy;
  *row++ = summary.mutual_information;
  std::copy(summary.probabilities.begin(), summary.probabilities.end(), row);
}

Summary read_row(const double* row, std::size_t classes) {
  Summary summary;
  summary.predicted = static_cast<int>(row[0]);
  summary.confidence = row[1];
  summary.predictive_entropy = row[2];
  summary.expected_entropy = row[3];
  summary.mutual_information = row[4];
  summary.probabilities.assign(row + kNumbers, row + kNumbers + classes);
  return summary;
}

// Images in the segments of the processes.
std::vector<std::size_t> equal_parts(std::size_t images, std::size_t processes) {
  std::vector<std::size_t> cuts;
  for (std::size_t i = 0; i <= processes; ++i) cuts.push_back(images * i / processes);
  return cuts;
}

// The images are taken in rounds, so that the rows need no more memory than predictions do.
class SharedValidation {
 public:
  SharedValidation(Predictor& predictor, const TrainingData& data, int classes, ThreadPool& pool,
                   Exchange& exchange)
      : predictor_(predictor),
        data_(data),
        standardizer_(data.standardization),
        classes_(static_cast<std::size_t>(classes)),
        width_(kNumbers + classes_),
        pool_(pool),
        exchange_(exchange),
        collector_(classes) {}

  // False if a signal stopped one of the processes.
  bool add(std::span<const std::uint32_t> images) {
    const auto cuts = equal_parts(images.size(), static_cast<std::size_t>(exchange_.processes()));
    rows_.resize(images.size() * width_);
    try {
      predict(images, cuts[exchange_.segment()], cuts[exchange_.segment() + 1]);
    } catch (const Stopped&) {
      // The others learn of it in a moment.
    }
    if (exchange_.agree_on_signal() != 0) return false;
    std::vector<std::size_t> row_cuts;
    for (const std::size_t cut : cuts) row_cuts.push_back(cut * width_);
    exchange_.gather(std::span(rows_), row_cuts, Wait::patient);
    for (std::size_t i = 0; i < images.size(); ++i) {
      collector_.add(read_row(rows_.data() + i * width_, classes_),
                     data_.images.labels()[images[i]]);
    }
    return true;
  }

  Metrics finish() const { return collector_.finish(); }

 private:
  void predict(std::span<const std::uint32_t> images, std::size_t begin, std::size_t end) {
    predictor_.predict(data_.images, standardizer_, images.subspan(begin, end - begin),
                       [&](const PredictedBlock& block) {
                         const std::vector<Summary> summaries = summaries_of(block, pool_);
                         for (std::size_t i = 0; i < summaries.size(); ++i) {
                           write_row(summaries[i],
                                     rows_.data() + (begin + block.first + i) * width_);
                         }
                       });
  }

  Predictor& predictor_;
  const TrainingData& data_;
  Standardizer standardizer_;
  std::size_t classes_, width_;
  ThreadPool& pool_;
  Exchange& exchange_;
  MetricsCollector collector_;
  std::vector<double> rows_;
};

}  // namespace

std::optional<Metrics> validate_together(Predictor& predictor, const TrainingData& data,
                                         int classes, ThreadPool& pool, Exchange& exchange) {
  SharedValidation validation(predictor, data, classes, pool, exchange);
  const std::span<const std::uint32_t> images = data.split.validation;
  const std::size_t round = examples_of_a_block(static_cast<std::size_t>(predictor.spec().passes()),
                                                static_cast<std::size_t>(classes)) *
                            static_cast<std::size_t>(exchange.processes());
  for (std::size_t first = 0; first < images.size(); first += round) {
    if (!validation.add(images.subspan(first, std::min(round, images.size() - first)))) {
      return std::nullopt;
    }
  }
  return validation.finish();
}

}  // namespace bnn
