#include "bnn/training/training_data.h"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <span>
#include <vector>

#include "bnn/data/class_balance.h"
#include "bnn/data/class_folders.h"
#include "bnn/data/class_names.h"
#include "bnn/data/csv_labels.h"
#include "bnn/data/data_files.h"
#include "bnn/data/load_dataset.h"
#include "bnn/images/image_list.h"

namespace bnn {

TrainingLoader TrainingData::training_loader(const RunConfig& config) const {
  return TrainingLoader(images, split.train, standardization, config.data.augmentation,
                        config.training.seed, config.sampling);
}

std::string data_directory(const std::string& data_flag, const std::string& config_directory,
                           const std::string& config_path) {
  if (!data_flag.empty()) return data_flag;
  const std::filesystem::path folder = std::filesystem::path(config_path).parent_path();
  const std::string directory = (folder / config_directory).string();
  return directory.empty() ? "." : directory;
}

namespace {

// Otherwise the test would fail after hours of training.
void require_same_class_folders(const DataConfig& config, const std::string& directory,
                                int classes) {
  if (config.format == DataFormat::csv) {
    const std::vector<std::string> tests = resolved_paths(config.test, directory);
    const auto names = csv_classes(resolved_paths(config.train, directory), config, classes);
    if (!any_is_missing(tests)) list_csv_images(tests, config, names);
  }
  if (config.format != DataFormat::folder) return;
  std::vector<std::string> paths = resolved_paths(config.train, directory);
  for (const std::string& path : resolved_paths(config.test, directory)) {
    if (is_folder(path)) paths.push_back(path);
  }
  find_class_folders(paths, config.class_folders, classes);
}

std::vector<float> resolve_class_weights(const ClassWeightsSpec& spec,
                                         const std::vector<std::size_t>& counts) {
  if (spec.balanced) return balanced_class_weights(counts);
  if (!spec.given.empty() && spec.given.size() != counts.size()) {
    throw Error(ErrorKind::config,
                fmt::format("/training/class_weights: expected \"balanced\" or {} weights, one for "
                            "each class, found {}",
                            counts.size(), spec.given.size()));
  }
  return {spec.given.begin(), spec.given.end()};
}

}  // namespace

TrainingData load_training_data(const RunConfig& config, const std::string& directory, int classes,
                                const LoadOptions& options) {
  if (config.data.train.empty()) {
    throw Error(ErrorKind::config, "/data/train: missing; expected the files to train on");
  }
  TrainingData data;
  data.directory = directory;
  data.class_names = load_class_names(config.data, directory, classes);
  require_same_class_folders(config.data, directory, classes);
  data.images =
      load_dataset(config.data, config.data.train, directory, config.model.input, classes, options);
  if (data.class_names.empty()) data.class_names = data.images.class_folders();
  if (data.class_names.empty()) {
    data.class_names = find_class_names(config.data, directory, classes);
  }
  data.split = split_validation(data.images.labels(), config.data, config.training.seed);
  data.class_counts = class_counts(data.images.labels(), data.split.train, classes);
  data.class_weights = resolve_class_weights(config.class_weights, data.class_counts);
  data.standardization =
      resolve_standardization(config.data, data.images, data.split.train, *options.pool);
  return data;
}

}  // namespace bnn
