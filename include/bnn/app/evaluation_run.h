#pragma once
// bnn-eval from options to exit code: metrics of a checkpoint on labelled images, on stdout.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bnn/app/model_checkpoint.h"
#include "bnn/app/run_log.h"

namespace bnn {

struct EvalOptions {
  std::string checkpoint;
  std::string data;
  std::string split = "test";  // test, validation or train
  std::vector<std::string> files;
  std::vector<std::string> ood;
  SampleOptions sampling;
  bool json = false;
  std::string save_samples;
  int threads = 1;
  Verbosity verbosity = Verbosity::normal;
};

int run_evaluation(const EvalOptions& options);

}  // namespace bnn
