#pragma once
// bnn-train from options to exit code: config, data, run folder, the loop over epochs, validation,
// checkpoints, and stopping when asked to.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bnn/data/image_cache.h"
#include "bnn/math/products.h"
#include "bnn/process/run_log.h"
#include "bnn/training/rate_sweep.h"

namespace bnn {

struct TrainOptions {
  std::string config;  // may be empty with resume: the run folder's own
  std::string data;    // empty: as the config says
  std::string out;     // empty: runs/<name>
  bool resume = false;
  bool resume_or_start = false;  // resume if the run folder holds a checkpoint
  bool overwrite = false;
  std::string init_from;     // a checkpoint, or weights of PyTorch
  std::string init_map;      // a file; for the latter
  bool skip_errors = false;  // images of class folders that cannot be decoded
  ImageCache cache;          // of image files
  bool tensorboard = false;
  std::vector<std::string> overrides;  // --set, in order
  std::optional<std::int64_t> epochs, max_steps, seed;
  std::optional<ProductsKind> products;
  std::vector<std::string> init;  // what --init looks at
  bool dry_run = false;
  bool find_learning_rate = false;  // in max_steps steps, or kSweepSteps
  RateRange rates;
  bool print_config = false;
  bool print_schema = false;     // needs no config
  bool print_reference = false;  // likewise
  int threads = 1;
  Verbosity verbosity = Verbosity::normal;
};

/// Steps of a search for a learning rate: some thirty for each power of ten of the usual range.
constexpr std::int64_t kSweepSteps = 200;

/// Returns the exit code: 0, or 128 + n if signal n stopped the run after a checkpoint.
int run_training(const TrainOptions& options);

}  // namespace bnn
