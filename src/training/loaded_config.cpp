#include "bnn/training/loaded_config.h"

#include <filesystem>
#include <optional>
#include <utility>

#include "bnn/config/model_preset.h"
#include "bnn/core/input_file.h"
#include "bnn/data/data_files.h"
#include "bnn/data/data_shape.h"
#include "bnn/training/resume.h"
#include "bnn/training/training_data.h"

namespace bnn {
namespace {

// What a config of a run that goes on leaves out is as the run began with it.
Json continued_config(const TrainOptions& options, Json document) {
  if (options.config.empty()) return completed_stored_config(std::move(document));
  const std::string stored = run_folder(options, document) + "/config.json";
  std::error_code error;
  if (!std::filesystem::exists(stored, error)) return document;
  return completed_as_stored(completed_stored_config(load_config_document(stored)),
                             std::move(document));
}

// The "data" of a document, whatever the rest is.
DataConfig data_of(const Json& document, const std::string& source) {
  Problems problems(source);
  const Json none = Json::object();
  const Json* data = document.find("data");
  ObjectReader reader(data != nullptr ? *data : none, "/data", problems);
  DataConfig config = read_data_config(reader);
  problems.raise_if_any(ErrorKind::config);
  return config;
}

std::optional<DataShape> shape_in_data(const DataConfig& data, const TrainOptions& options,
                                       const std::string& path) {
  const std::string directory = data_directory(options.data, data.directory, path);
  try {
    return find_data_shape(data, directory);
  } catch (const Error& error) {
    throw with_data_hint(error, options, data, directory);
  }
}

// Puts the network that a preset stands for in its place. Looks at the data for what the config
// does not say.
void replace_preset(Json& document, const TrainOptions& options, const std::string& path) {
  const std::string source = shown_path(path);
  const DataConfig data = data_of(document, source);
  Json& model = document.at("model");
  std::optional<Shape> shape = preset_input(model);
  int classes = format_classes(data);
  if (classes == 0) classes = static_cast<int>(data.class_names.size());
  if (classes == 0) classes = static_cast<int>(data.class_folders.size());
  if (!shape || classes == 0) {
    const auto found = shape_in_data(data, options, path);
    if (!found) {
      throw Error(ErrorKind::config,
                  source +
                      ": /model/preset: the data do not say the shape of images and the number "
                      "of classes; expected model.input and data.class_names");
    }
    if (!shape) shape = found->shape;
    if (classes == 0) classes = found->classes;
  }
  model = expand_preset(model, *shape, classes, source);
}

}  // namespace

std::string run_folder(const TrainOptions& options, const std::string& name) {
  return options.out.empty() ? "runs/" + name : options.out;
}

std::string run_folder(const TrainOptions& options, const Json& document) {
  const Json* name = document.find("name");
  const bool is_named = name != nullptr && name->is_string();
  return run_folder(options, is_named ? name->text() : "run");
}

Error with_data_hint(const Error& error, const TrainOptions& options, const DataConfig& data,
                     const std::string& directory) {
  const bool is_missing =
      options.data.empty() && any_is_missing(resolved_paths(data.train, directory));
  return Error(
      error.kind(),
      error.what() + std::string(is_missing ? "; --data DIR says where the data files lie" : ""),
      error.details());
}

LoadedConfig load_config(const TrainOptions& options) {
  if (options.config.empty()) require_resumable(options.out);
  const std::string path = options.config.empty() ? options.out + "/config.json" : options.config;
  Json document = load_config_document(path);
  if (options.resume) document = continued_config(options, std::move(document));
  for (const std::string& assignment : options.overrides) apply_override(document, assignment);
  if (options.epochs) set_key(document, "training.epochs", *options.epochs, "--epochs");
  if (options.seed) set_key(document, "training.seed", *options.seed, "--seed");
  if (options.products) {
    set_key(document, "training.products", name_of(kProductsKindNames, *options.products),
            "--products");
  }
  if (has_preset(document)) replace_preset(document, options, path);
  return {path, read_run_config(document, shown_path(path), ErrorKind::config)};
}

}  // namespace bnn
