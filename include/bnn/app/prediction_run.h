#pragma once
// bnn-predict from options to exit code: one line an image, with its uncertainty.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bnn/app/model_checkpoint.h"
#include "bnn/app/run_log.h"

namespace bnn {

struct PredictOptions {
  std::string checkpoint;
  std::vector<std::string> inputs;  // files in the checkpoint's format; "-" is standard input
  SampleOptions sampling;
  bool csv = false;
  std::string output;  // empty: standard output
  int top_k = 0;
  std::optional<double> abstain_above;
  std::string save_samples;
  int threads = 1;
  Verbosity verbosity = Verbosity::normal;
};

int run_prediction(const PredictOptions& options);

}  // namespace bnn
