#pragma once
// What a user asks of bnn-eval.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bnn/checkpoint/calibration_use.h"
#include "bnn/checkpoint/model_checkpoint.h"
#include "bnn/data/image_cache.h"
#include "bnn/data/part.h"
#include "bnn/process/run_log.h"

namespace bnn {

struct EvalOptions {
  std::string checkpoint;
  std::vector<std::string> members;  // further checkpoints, averaged with the first
  std::string data;
  std::string split = "test";  // test, validation or train
  std::vector<std::string> files;
  bool skip_errors = false;  // images of class folders that cannot be decoded
  ImageCache cache;          // of image files
  std::vector<std::string> ood;
  std::vector<double> prune;  // shares of the random weights to remove
  std::string ood_format;     // of the data files of --ood; empty: the content decides
  bool ood_resize = false;
  SampleOptions sampling;
  int bootstrap = 1000;          // resamples for the intervals; 0: none
  bool fit_calibration = false;  // instead of an evaluation
  bool fit_features = false;     // the same
  CalibrationOptions calibration;
  bool corrupt = false;
  std::vector<std::string> corruptions;  // names; empty: all
  bool json = false;
  std::string save_samples;
  std::string report;              // the HTML file to write, "" for none
  Part part;                       // of the images, whose predictions go to `output`
  std::string output;              // "": the evaluation goes to stdout
  std::vector<std::string> merge;  // outputs of all parts, instead of an evaluation
  int threads = 1;
  Verbosity verbosity = Verbosity::normal;
};

}  // namespace bnn
