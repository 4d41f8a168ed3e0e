#pragma once
// bnn-predict from options to exit code: one line per image, with its uncertainty.
//
// Data files are all checked before the first line. Image files are decoded, and standard input is
// read, when they are reached. Image files come in blocks that grow from 16 to 256 images, and a
// block's lines are written as soon as it is computed. Standard input is read first where the
// beginning of the output depends on it: for --save-samples, and for CSV if only it can have
// labels. The numbers of an image file are a function of its pixels alone (Dataset::stream_name).

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bnn/checkpoint/calibration_use.h"
#include "bnn/checkpoint/model_checkpoint.h"
#include "bnn/data/part.h"
#include "bnn/prediction/prediction_output.h"
#include "bnn/process/run_log.h"

namespace bnn {

struct PredictOptions {
  std::string checkpoint;
  std::vector<std::string> inputs;  // as find_inputs takes them
  std::string inputs_from;          // a list of image files, one a line; "-": standard input
  SampleOptions sampling;
  CalibrationOptions calibration;
  bool csv = false;
  bool npy = false;
  std::string output;  // empty or "-": standard output
  int top_k = 0;
  std::optional<double> abstain_above, abstain_below;
  double Summary::*abstain_score = &Summary::predictive_entropy;
  bool skip_errors = false;  // of images
  Part part;  // of the images; the outputs of all parts, one after the other, are that of all
  std::string save_samples;
  int threads = 1;
  Verbosity verbosity = Verbosity::normal;
};

/// Throws Error(data) if images were skipped and none is left.
int run_prediction(const PredictOptions& options);

}  // namespace bnn
