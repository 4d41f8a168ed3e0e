#include "bnn/training/run.h"

#include <filesystem>
#include <utility>

#include "bnn/core/error.h"
#include "bnn/core/input_file.h"
#include "bnn/core/utf8.h"
#include "bnn/infer/predictor.h"

namespace bnn {
namespace {

// The config gets what was measured of the data. Evaluation and prediction then need no training
// data.
RunConfig with_measurements(RunConfig config, const TrainingData& data) {
  Json& section = config.resolved["data"];
  section["standardize"] = to_json(data.standardization);
  if (!data.images.class_folders().empty()) section["class_folders"] = data.images.class_folders();
  if (!data.class_names.empty()) section["class_names"] = data.class_names;
  return config;
}

}  // namespace

Run::Run(RunConfig run_config, Graph run_graph, TrainingData run_data, ExecutionPlan plan,
         Exchange* exchange)
    : config(with_measurements(std::move(run_config), run_data)),
      graph(std::move(run_graph)),
      likelihood(make_likelihood(graph, run_data.class_weights, config.label_smoothing)),
      data(std::move(run_data)),
      loader(data.training_loader(config)),
      pool(plan.limits.workers),
      trainer(graph, *likelihood, Targets(data.images.labels()), config.training, loader, pool,
              std::move(plan), exchange) {}

Json Run::checkpoint_config() const {
  Json document = config.resolved;
  document["data"].erase("directory");
  return document;
}

Json Run::folder_config() const {
  Json document = config.resolved;
  const std::string directory =
      std::filesystem::absolute(data.directory).lexically_normal().string();
  if (!is_utf8(directory)) {
    throw Error(ErrorKind::usage, shown_path(directory) +
                                      ": the folder's name is no UTF-8 text, and config.json, "
                                      "which records it, can hold no other; rename the folder");
  }
  document["data"]["directory"] = directory;
  return document;
}

std::size_t run_bytes(const RunConfig& config, const Graph& graph, const ExecutionPlan& plan) {
  const bool validates = config.data.validation_examples > 0 || config.data.validation_fraction > 0;
  return Trainer::bytes(graph, config.training, plan) +
         (validates ? Predictor::bytes(graph, plan.limits.workers) : 0);
}

}  // namespace bnn
