#pragma once
// A trained network as evaluation and prediction use it: graph and weights of a checkpoint.
//
// Names of files that a checkpoint stores are hints from a stranger: they are looked up inside a
// directory that the user names (or that the run folder's own config.json names), and names that
// are absolute or climb out of it are refused.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bnn/app/run_config.h"
#include "bnn/core/aligned_array.h"
#include "bnn/data/standardize.h"
#include "bnn/infer/predictor.h"

namespace bnn {

struct ModelCheckpoint {
  RunConfig config;
  Graph graph;
  AlignedArray parameters;
  Standardization standardization;
  std::vector<std::string> class_names;
  std::string digest = {};  // of the file: tells weights from other weights
};

/// What evaluation and prediction let a user choose about Monte Carlo samples.
struct SampleOptions {
  std::optional<std::int64_t> samples, seed;  // by default those of the checkpoint's config
  bool mean_weights = false;
};

/// A network without noise gets one pass, since all would be the same.
PredictionSpec prediction_spec(const SampleOptions& options, const ModelCheckpoint& model);

/// Throws Error(checkpoint), naming the file, on anything wrong with it.
ModelCheckpoint load_model(const std::string& path);

/// The directory of the data files: --data, or what the run folder's config.json records. Throws
/// Error(usage) if there is neither.
std::string evaluation_directory(const std::string& checkpoint, const std::string& data_flag);

/// Refuses names that lead out of a directory. Throws Error(checkpoint).
void require_plain_names(const std::string& checkpoint, const FileSet& files);

}  // namespace bnn
