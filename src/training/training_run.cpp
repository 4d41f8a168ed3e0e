#include "bnn/training/training_run.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "bnn/checkpoint/initial_weights.h"
#include "bnn/config/config_reference.h"
#include "bnn/core/display_text.h"
#include "bnn/core/input_file.h"
#include "bnn/core/memory_limit.h"
#include "bnn/math/blas.h"
#include "bnn/process/stop_signal.h"
#include "bnn/training/training_loop.h"

namespace bnn {
namespace {

struct LoadedConfig {
  std::string path;
  RunConfig config;
};

LoadedConfig load_config(const TrainOptions& options) {
  if (options.config.empty()) require_resumable(options.out);
  const std::string path = options.config.empty() ? options.out + "/config.json" : options.config;
  Json document = load_config_document(path);
  for (const std::string& assignment : options.overrides) apply_override(document, assignment);
  const auto set_training = [&](const std::string& key, std::optional<std::int64_t> value) {
    if (value) apply_override(document, "training." + key + "=" + std::to_string(*value));
  };
  set_training("epochs", options.epochs);
  set_training("seed", options.seed);
  return {path, read_run_config(document, shown_path(path), ErrorKind::config)};
}

// Every step and sample names its random numbers by 32 bits.
void refuse_too_many_draws(const TrainingSpec& spec, std::size_t examples,
                           const std::string& source) {
  const auto batch = static_cast<std::size_t>(spec.batch_size);
  const double steps =
      static_cast<double>(spec.epochs) * static_cast<double>((examples + batch - 1) / batch);
  if (steps * spec.samples < 4294967295.0) return;
  throw Error(ErrorKind::config,
              source +
                  ": /training/epochs: epochs, steps and samples come to more than 2^32 draws "
                  "of the weights");
}

std::string shape_of_run(const RunConfig& config, const TrainingData& data, const Graph& graph,
                         int threads) {
  const double bytes = static_cast<double>(Trainer::bytes(graph, config.training, threads));
  return std::to_string(data.split.train.size()) + " training examples, " +
         std::to_string(data.split.validation.size()) + " held out for validation; batches of " +
         std::to_string(config.training.batch_size) + "; about " +
         fixed((bytes + static_cast<double>(data.images.pixels.size())) / 1e6, 0) +
         " MB of memory on " + std::to_string(threads) + (threads == 1 ? " thread" : " threads");
}

// What a continued run must share with the run that wrote the checkpoint.
void refuse_other_run(const LoadedCheckpoint& checkpoint, const Json& resolved,
                      const TrainingData& data, const std::string& path) {
  const std::string key = differing_key(checkpoint.config.resolved, resolved);
  if (!key.empty()) {
    throw Error(ErrorKind::config,
                shown_path(path) + ": " + key + " differs from the run that is to be continued");
  }
  const Json stored = checkpoint.config.resolved.at("data").at("standardize");
  if (checkpoint.state.training_examples != data.split.train.size() ||
      checkpoint.state.data_digest != data.digest() || stored != to_json(data.standardization)) {
    throw Error(ErrorKind::data,
                shown_path(data.directory) +
                    ": the training data differ from those that the run began with");
  }
}

// Where a checkpoint says that training stands must be a place that this run can come to.
void refuse_impossible_state(const TrainingState& state, std::uint64_t steps_per_epoch,
                             const std::string& path) {
  const std::uint64_t first = state.epoch * steps_per_epoch;
  const bool fits = state.step >= first && (state.step - first < steps_per_epoch ||
                                            validation_is_due(state, steps_per_epoch));
  if (fits && std::max(state.best_epoch, state.monitored_epoch) <= state.epoch) return;
  throw Error(ErrorKind::checkpoint,
              shown_path(path) + ": state: step " + std::to_string(state.step) + " after " +
                  std::to_string(state.epoch) + " epochs of " + std::to_string(steps_per_epoch) +
                  " steps, the best of them number " + std::to_string(state.best_epoch) +
                  ", is no place that training comes to");
}

void require_weights(const TrainOptions& options, const RunConfig& config,
                     const std::string& path) {
  if (!config.training.posterior_from_weights || !options.init_from.empty() || options.resume) {
    return;
  }
  throw Error(
      ErrorKind::usage,
      shown_path(path) +
          ": /training/posterior_from_weights: needs the weights of a trained network; name "
          "its checkpoint with --init-from");
}

// Another run's weights instead of the initial values; the optimizer begins afresh.
void take_weights(const TrainOptions& options, const RunConfig& config, const Graph& graph,
                  Trainer& trainer) {
  if (options.init_from.empty()) return;
  const LoadedCheckpoint checkpoint = load_checkpoint(options.init_from);
  start_from_weights(options.init_from, checkpoint.contents, graph.layout(), trainer.parameters());
  if (const auto& spec = config.training.posterior_from_weights) {
    set_scales_from_weights(graph.layout(), *spec, trainer.parameters());
  }
}

// Parameters, the optimizer's state and position from the run folder's checkpoint.
TrainingState restore(const TrainOptions& options, const RunConfig& config, const Json& resolved,
                      const TrainingData& data, const Graph& graph, const RunFolder& folder,
                      Trainer& trainer, RunLog& log) {
  TrainingState state;
  state.training_examples = data.split.train.size();
  state.data_digest = data.digest();
  if (!options.resume) return state;
  const std::string path = folder.last_checkpoint();
  const LoadedCheckpoint checkpoint = load_checkpoint(path);
  refuse_other_run(checkpoint, resolved, data, path);
  refuse_impossible_state(checkpoint.state, trainer.steps_per_epoch(), path);
  const auto kernel = checkpoint.contents.extra_metadata.find("blas_kernel");
  if (kernel != checkpoint.contents.extra_metadata.end() && kernel->second != blas_kernel()) {
    log.warning("the run began with OpenBLAS kernel " + kernel->second + " and goes on with " +
                blas_kernel() + ": results will not be bit for bit those of one run");
  }
  restore_arrays(path, checkpoint.contents, graph.layout(),
                 {&trainer.parameters(), trainer.optimizer_state()});
  log.info("resuming after step " + std::to_string(checkpoint.state.step));
  state = checkpoint.state;
  // Of what is monitored from now on, nothing is known yet.
  if (checkpoint.config.early_stopping.monitor != config.early_stopping.monitor) {
    state.monitored_epoch = 0;
  }
  return state;
}

// Below this point errors about the config no longer know which file it came from.
TrainingData load_data(const TrainOptions& options, const std::string& path,
                       const RunConfig& config, const Graph& graph) {
  try {
    return load_training_data(config, data_directory(options.data, config, path), graph.outputs());
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::config) throw;
    throw Error(error.kind(), shown_path(path) + ": " + error.what());
  }
}

int print_text(const std::string& text) {
  std::fputs(text.c_str(), stdout);
  return 0;
}

int print_json(const Json& document) { return print_text(document.dump(2) + "\n"); }

void print_plan(const Graph& graph, const std::string& shape) {
  std::fputs((summary_table(graph) + shape + "\n").c_str(), stdout);
}

}  // namespace

int run_training(const TrainOptions& options) {
  if (options.print_schema) return print_json(run_config_schema());
  if (options.print_reference) return print_text(config_reference(run_config_schema()));
  const auto [path, config] = load_config(options);
  const Graph graph = make_graph(config, shown_path(path), ErrorKind::config);
  if (options.print_config) return print_json(config.resolved);
  require_memory(Trainer::bytes(graph, config.training, options.threads), shown_path(path),
                 "training this network", ErrorKind::config);
  prepare_blas(options.threads);
  const TrainingData data = load_data(options, path, config, graph);
  refuse_too_many_draws(config.training, data.split.train.size(), shown_path(path));
  const Json resolved = resolved_with_data(config, data);
  const std::string shape = shape_of_run(config, data, graph, options.threads);
  if (options.dry_run) {
    print_plan(graph, shape);
    return 0;
  }
  require_weights(options, config, path);

  ThreadPool pool(options.threads);
  const TrainingLoader loader = data.training_loader(config);
  const std::unique_ptr<const Likelihood> likelihood = make_likelihood(graph);
  Trainer trainer(graph, *likelihood, Targets(data.images.labels), config.training, loader, pool);
  take_weights(options, config, graph, trainer);
  RunLog log("bnn-train", options.verbosity);
  const FolderUse use = options.resume      ? FolderUse::resume
                        : options.overwrite ? FolderUse::overwrite
                                            : FolderUse::fresh;
  RunFolder folder(options.out.empty() ? "runs/" + config.name : options.out, use);
  const TrainingState state = restore(options, config, resolved, data, graph, folder, trainer, log);

  Json own_config = resolved;
  own_config["data"]["directory"] =
      std::filesystem::absolute(data.directory).lexically_normal().string();
  write_file_atomically(folder.config_file(), own_config.dump(2) + "\n");
  const bool validated = !validation_is_due(state, trainer.steps_per_epoch());
  folder.open_metrics(state.step, validated);
  std::optional<TensorBoard> board;
  if (options.tensorboard) board.emplace(folder.tensorboard_folder(), state.step, validated);
  log.add_file(folder.log_file());
  log.info(summary_table(graph) + shape);
  const ImageChanges& changes = data.images.changes;
  if (changes.any()) log.info(changes.sentence(data.images.shape));
  log.detail("OpenBLAS " + blas_configuration() + ", data from " + data.directory);
  // A checkpoint's config must not make anyone open a path, so it does not name the directory.
  Json portable = resolved;
  portable["data"].erase("directory");
  TrainingLoop loop(config, portable, data, graph, loader, trainer, pool, folder, log);
  if (board) loop.show_in(*board);
  const std::optional<std::uint64_t> max_steps =
      options.max_steps ? std::optional(static_cast<std::uint64_t>(*options.max_steps))
                        : std::nullopt;
  const int signal = loop.run(state, max_steps);
  log.info((signal != 0 ? "stopped by a signal; --resume continues from " : "wrote ") +
           folder.last_checkpoint());
  return signal == 0 ? 0 : 128 + signal;
}

}  // namespace bnn
