#pragma once
// Predicts sets of images one after the other and writes a row for each image. On a terminal, a
// line on stderr shows how far it is.

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

#include "bnn/checkpoint/model_checkpoint.h"
#include "bnn/files/npy.h"
#include "bnn/infer/conformal.h"
#include "bnn/infer/predictor.h"
#include "bnn/prediction/prediction_inputs.h"
#include "bnn/prediction/prediction_writer.h"
#include "bnn/process/run_log.h"

namespace bnn {

class RowMaker {
 public:
  /// Where rows go, and what they have.
  struct Outputs {
    const std::optional<ConformalRule>& conformal;
    NpyWriter* samples;  // or null
    PredictionWriter& rows;
  };

  /// All arguments must outlive this.
  /// @param range the numbers that the rows get; of an unknown number of images, {first, first}
  RowMaker(const ModelCheckpoint& model, Predictor& predictor, const Outputs& out,
           const ImageRange& range, RunLog& log);

  /// A row for each of these examples of a data set, which may be none.
  void add(const Dataset& data, const ImageRange& examples);
  void add(const Dataset& data) { add(data, {0, data.size()}); }
  /// A row that says what is wrong with an image.
  void add_error(const std::string& input, const std::string& problem);

  /// How many images were predicted.
  std::size_t rows() const { return index_ - range_.first - errors_; }
  const ImageChanges& changes() const { return changes_; }

 private:
  using Clock = std::chrono::steady_clock;

  void add_block(const Dataset& data, const PredictedBlock& block);
  void show_progress();

  const Standardizer standardizer_;
  Predictor& predictor_;
  Outputs out_;
  ImageRange range_;
  RunLog& log_;
  const Clock::time_point start_ = Clock::now();
  std::size_t index_, errors_ = 0, block_;
  ImageChanges changes_;
};

}  // namespace bnn
