#pragma once
// Everything besides the networks that an evaluation reads, checked before the first image goes
// through a network.

#include <optional>
#include <vector>

#include "bnn/checkpoint/calibration_use.h"
#include "bnn/corruption/corruption.h"
#include "bnn/evaluation/eval_options.h"
#include "bnn/evaluation/evaluation_images.h"
#include "bnn/infer/class_gaussians.h"
#include "bnn/process/run_log.h"

namespace bnn {

struct EvaluationInputs {
  EvaluationImages images;
  std::optional<EvaluationImages> outside = {};  // of --ood
  std::vector<const Corruption*> corruptions = {};
  AppliedCalibration calibration = {};
  std::vector<ClassGaussians> gaussians = {};  // of each network; empty: not known (features_run.h)
};

EvaluationInputs read_inputs(const EvalOptions& options, const ModelCheckpoint& model, RunLog& log);

/// Loads the checkpoint and, for an ensemble, its further members.
std::vector<ModelCheckpoint> load_networks(const EvalOptions& options);

/// Warns where an ensemble is evaluated on the images that its first member held out, and another
/// one may have been trained on some of them, since its split differs.
void warn_of_other_splits(const EvalOptions& options, const std::vector<ModelCheckpoint>& models,
                          RunLog& log);

/// Throws Error(usage) if an output of the options is one of the files that they name.
void check_files(const EvalOptions& options, const DataConfig& data);

}  // namespace bnn
