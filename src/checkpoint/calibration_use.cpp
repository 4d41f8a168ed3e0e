#include "bnn/checkpoint/calibration_use.h"

#include <fmt/format.h>

#include "bnn/checkpoint/calibration_file.h"
#include "bnn/core/input_file.h"

namespace bnn {

AppliedCalibration apply_calibration(const CalibrationOptions& options,
                                     const std::string& checkpoint, const ModelCheckpoint& model,
                                     const PredictionSpec& spec,
                                     const std::function<void(const std::string&)>& warn) {
  AppliedCalibration applied;
  if (!options.temperature && !options.conformal) return applied;
  const Calibration calibration = read_calibration(checkpoint, model.digest, model.graph.outputs());
  const std::string source = shown_path(calibration_path(checkpoint));
  if (calibration.mean_weights != spec.mean_weights) {
    throw Error(ErrorKind::usage,
                source + ": was fitted " + (calibration.mean_weights ? "with" : "without") +
                    " --mean-weights; predict as it was fitted, or fit it again with bnn-eval " +
                    "CHECKPOINT --fit-calibration");
  }
  if (calibration.samples != spec.passes()) {
    warn(fmt::format("{}: was fitted to {} samples an image and is used with {}", source,
                     calibration.samples, spec.passes()));
  }
  if (options.temperature) applied.temperature = calibration.temperature;
  if (options.conformal) {
    const ConformalScore score = options.conformal_score;
    const auto& tables = options.temperature ? calibration.scaled_scores : calibration.scores;
    const auto found = tables.find(score);
    if (found == tables.end()) {
      throw Error(ErrorKind::usage,
                  fmt::format("{}: an earlier program made it, without the scores \"{}\"; fit it "
                              "again with bnn-eval CHECKPOINT --fit-calibration",
                              source, name_of(kConformalScoreNames, score)));
    }
    const ConformalTable& table = found->second;
    applied.conformal = ConformalRule{score, *options.conformal,
                                      table.threshold(*options.conformal), table.examples()};
  }
  return applied;
}

}  // namespace bnn
