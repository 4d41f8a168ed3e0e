#pragma once
// The data of a training run: the images in memory, the split, and the standardisation of the
// pixels.

#include <cstdint>
#include <string>
#include <vector>

#include "bnn/config/run_config.h"
#include "bnn/core/thread_pool.h"
#include "bnn/data/data_digest.h"
#include "bnn/data/dataset.h"
#include "bnn/data/load_dataset.h"
#include "bnn/data/split.h"
#include "bnn/data/standardize.h"
#include "bnn/data/training_loader.h"

namespace bnn {

struct TrainingData {
  std::string directory;
  Dataset images;
  Split split;
  Standardization standardization;
  std::vector<std::string> class_names;
  std::vector<std::size_t> class_counts;  // of the training part
  std::vector<float> class_weights;       // empty: all weigh the same

  /// CRC-32 of the pixels and labels, training and validation part alike.
  std::uint32_t digest(ThreadPool& pool) const { return data_digest(images, pool); }
  /// The training part, augmented as the config says.
  TrainingLoader training_loader(const RunConfig& config) const;
};

/// Where the data files lie: --data, or the config's directory, or the config's own folder.
/// @param config_directory data.directory of the config
std::string data_directory(const std::string& data_flag, const std::string& config_directory,
                           const std::string& config_path);

/// Loads and checks everything that a run reads before its first step. Class folders of the test
/// data, where they are there, must be those of the training data.
/// @param options with a pool
TrainingData load_training_data(const RunConfig& config, const std::string& directory, int classes,
                                const LoadOptions& options);

}  // namespace bnn
