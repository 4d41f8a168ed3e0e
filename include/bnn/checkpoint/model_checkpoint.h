#pragma once
// A trained network as evaluation and prediction use it: graph and weights of a checkpoint.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bnn/config/run_config.h"
#include "bnn/core/aligned_array.h"
#include "bnn/core/input_file.h"
#include "bnn/data/standardize.h"
#include "bnn/infer/predictor.h"

namespace bnn {

struct ModelCheckpoint {
  RunConfig config;
  Graph graph;
  std::unique_ptr<const Likelihood> likelihood;
  AlignedArray parameters;
  Standardization standardization;
  std::vector<std::string> class_names;
  std::string digest = {};        // of the file: tells weights from other weights
  std::uint64_t data_digest = 0;  // of the images that the run was given (data_digest.h)
};

/// What evaluation and prediction let a user choose about Monte Carlo samples.
struct SampleOptions {
  std::optional<std::int64_t> samples, seed;  // by default those of the checkpoint's config
  std::optional<ProductsKind> products;
  bool mean_weights = false;
  bool shared_draws = false;  // one network for all images in each sample
};

/// A network without noise gets one pass, since all would be the same.
PredictionSpec prediction_spec(const SampleOptions& options, const ModelCheckpoint& model);

/// Throws Error(checkpoint), naming the file, on anything wrong with it. That includes a network
/// that the memory of this machine cannot run on so many threads.
ModelCheckpoint load_model(const std::string& path, int threads);
ModelCheckpoint load_model(InputFile& file, int threads);

}  // namespace bnn
