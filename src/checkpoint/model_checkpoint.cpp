#include "bnn/checkpoint/model_checkpoint.h"

#include <fmt/format.h>

#include "bnn/checkpoint/checkpoint.h"
#include "bnn/core/input_file.h"
#include "bnn/core/memory_limit.h"

namespace bnn {

PredictionSpec prediction_spec(const SampleOptions& options, const ModelCheckpoint& model) {
  const RunConfig& config = model.config;
  PredictionSpec spec;
  spec.samples = static_cast<int>(options.samples.value_or(config.evaluation.samples));
  spec.mean_weights = options.mean_weights || !model.graph.has_noise();
  spec.shared_draws = options.shared_draws;
  spec.seed = options.seed ? static_cast<std::uint64_t>(*options.seed) : config.training.seed;
  spec.products = Products(options.products.value_or(config.training.products));
  return spec;
}

ModelCheckpoint load_model(const std::string& path, int threads) {
  InputFile file(path, ErrorKind::checkpoint);
  return load_model(file, threads);
}

ModelCheckpoint load_model(InputFile& file, int threads) {
  const std::string& path = file.name();
  LoadedCheckpoint checkpoint = load_checkpoint(file);
  const std::string source = shown_path(path) + ": config";
  RunConfig config = std::move(checkpoint.config);
  Graph graph = make_graph(config, source, ErrorKind::checkpoint);
  // Nothing is allocated for tensors that the file does not hold.
  std::size_t stored = 0;
  for (const Tensor& tensor : checkpoint.contents.tensors) stored += tensor.values.size();
  if (graph.layout().numbers() > stored) {
    throw Error(ErrorKind::checkpoint,
                fmt::format("{}: the network has {} parameters, but the file holds {} numbers",
                            source, graph.layout().numbers(), stored));
  }
  require_memory(Predictor::bytes(graph, threads), source, "running the network",
                 ErrorKind::checkpoint);
  AlignedArray parameters(graph.layout().size());
  restore_arrays(path, checkpoint.contents, graph.layout(), {&parameters});
  const bool measured = config.data.standardize == StandardizeMode::given;
  const auto channels = static_cast<std::size_t>(config.model.input.channels);
  if (!measured || config.data.standardization.mean.size() != channels) {
    throw Error(ErrorKind::checkpoint,
                fmt::format("{}: /data/standardize: expected the mean and std of {} channels",
                            source, channels));
  }
  Standardization standardization = config.data.standardization;
  const auto& names = config.data.class_names;
  if (!names.empty() && names.size() != static_cast<std::size_t>(graph.outputs())) {
    throw Error(ErrorKind::checkpoint,
                fmt::format("{}: /data/class_names: expected {} names, found {}", source,
                            graph.outputs(), names.size()));
  }
  std::vector<std::string> class_names = names;
  std::unique_ptr<const Likelihood> likelihood = make_likelihood(graph);
  return {std::move(config),
          std::move(graph),
          std::move(likelihood),
          std::move(parameters),
          std::move(standardization),
          std::move(class_names),
          std::move(checkpoint.contents.digest),
          checkpoint.state.data_digest};
}

}  // namespace bnn
