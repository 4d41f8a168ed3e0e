#pragma once
// bnn-train from options to exit code: config, data, run folder, the loop over epochs, validation,
// checkpoints, and stopping when asked to; in one process, or in several that train together.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bnn/data/image_cache.h"
#include "bnn/exchange/exchange.h"
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
  std::string program = "bnn-train";       // in the log
  std::vector<std::string> warnings = {};  // logged at the beginning
  /// Logged if the first step takes longer than slow_step seconds; "": nothing.
  std::string slow_step_warning;
  double slow_step = 0;
};

/// Steps of a search for a learning rate: some thirty for each power of ten of the usual range.
constexpr std::int64_t kSweepSteps = 200;

/// Returns the exit code: 0, or 128 + n if signal n stopped the run after a checkpoint.
int run_training(const TrainOptions& options);
/// The same in one of several processes, which all call it with the same options, but for threads,
/// data and verbosity. The first one writes the run folder and standard output. Errors that all
/// know of are AgreedError (exchange/agreement.h).
int run_training(const TrainOptions& options, Exchange& exchange);

}  // namespace bnn
