#pragma once
// The config of a run: the file that the options name, or that of the run folder, with what the
// options override in it, and with a network in place of a preset. A preset may look at the data
// for the shape of the images and the number of classes.

#include <string>

#include "bnn/config/run_config.h"
#include "bnn/core/error.h"
#include "bnn/training/training_run.h"

namespace bnn {

struct LoadedConfig {
  std::string path;
  RunConfig config;
};

LoadedConfig load_config(const TrainOptions& options);

/// The run folder of a config of this name.
std::string run_folder(const TrainOptions& options, const std::string& name);
/// The run folder of a config that was not read yet.
std::string run_folder(const TrainOptions& options, const Json& document);

/// The error, with what may be missing where it is about data that are not there.
/// @param directory where the data were looked for
Error with_data_hint(const Error& error, const TrainOptions& options, const DataConfig& data,
                     const std::string& directory);

}  // namespace bnn
