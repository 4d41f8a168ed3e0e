#pragma once
// bnn-export from options to exit code: a checkpoint as a file for other programs.

#include <string>

#include "bnn/checkpoint/model_checkpoint.h"
#include "bnn/process/run_log.h"

namespace bnn {

struct ExportOptions {
  std::string checkpoint;
  std::string output;
  SampleOptions sampling;    // by default kExportSamples
  bool temperature = false;  // the one that bnn-eval --fit-calibration stored
  int threads = 1;
  Verbosity verbosity = Verbosity::normal;
};

/// The file holds the weights of every sample.
constexpr int kExportSamples = 8;

/// Writes an ONNX file, atomically.
int run_export(const ExportOptions& options);

}  // namespace bnn
