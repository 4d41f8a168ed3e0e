#pragma once
// How --temperature and --conformal use the calibration that is stored next to a checkpoint.
//
// Prediction sets use the scores of the probabilities that are shown: those of scaled ones together
// with --temperature. Temperature and scores then come from the same examples, so that the coverage
// is no longer guaranteed exactly; one number fitted to n examples changes it little.

#include <functional>
#include <optional>
#include <string>

#include "bnn/checkpoint/model_checkpoint.h"
#include "bnn/infer/conformal.h"

namespace bnn {

struct CalibrationOptions {
  bool temperature = false;
  std::optional<double> conformal = {};  // coverage, in (0, 1)
  ConformalScore conformal_score = ConformalScore::lac;
};

struct AppliedCalibration {
  double temperature = 1;
  std::optional<ConformalRule> conformal = {};
};

/// Reads the file only if the options ask for it, and throws as read_calibration does. Throws
/// Error(usage) if it was fitted to the mean of samples and `spec` is one pass, or the other way
/// round; warns if the numbers of samples differ.
AppliedCalibration apply_calibration(const CalibrationOptions& options,
                                     const std::string& checkpoint, const ModelCheckpoint& model,
                                     const PredictionSpec& spec,
                                     const std::function<void(const std::string&)>& warn);

}  // namespace bnn
