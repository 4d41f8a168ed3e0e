#include "bnn/training/training_run.h"

#include <cstdio>
#include <filesystem>
#include <fmt/format.h>
#include <optional>
#include <utility>

#include "bnn/config/config_reference.h"
#include "bnn/config/model_preset.h"
#include "bnn/core/display_text.h"
#include "bnn/core/input_file.h"
#include "bnn/core/memory_limit.h"
#include "bnn/data/class_balance.h"
#include "bnn/data/data_files.h"
#include "bnn/data/data_shape.h"
#include "bnn/math/blas.h"
#include "bnn/model/summary_table.h"
#include "bnn/process/blas_kernel.h"
#include "bnn/process/stop_signal.h"
#include "bnn/training/find_learning_rate.h"
#include "bnn/training/resume.h"
#include "bnn/training/start_weights.h"
#include "bnn/training/starter.h"
#include "bnn/training/training_loop.h"

namespace bnn {
namespace {

struct LoadedConfig {
  std::string path;
  RunConfig config;
};

std::string run_folder(const TrainOptions& options, const std::string& name) {
  return options.out.empty() ? "runs/" + name : options.out;
}

// The run folder of a config that was not read yet.
std::string run_folder(const TrainOptions& options, const Json& document) {
  const Json* name = document.find("name");
  const bool is_named = name != nullptr && name->is_string();
  return run_folder(options, is_named ? name->text() : "run");
}

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

// Adds to an error what may be missing.
Error with_hint(const Error& error, const TrainOptions& options, const DataConfig& data,
                const std::string& directory) {
  const bool is_missing =
      options.data.empty() && any_is_missing(resolved_paths(data.train, directory));
  return Error(
      error.kind(),
      error.what() + std::string(is_missing ? "; --data DIR says where the data files lie" : ""),
      error.details());
}

std::optional<DataShape> shape_in_data(const DataConfig& data, const TrainOptions& options,
                                       const std::string& path) {
  const std::string directory = data_directory(options.data, data.directory, path);
  try {
    return find_data_shape(data, directory);
  } catch (const Error& error) {
    throw with_hint(error, options, data, directory);
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

// A run among the folders of classes would be taken for a class by the next program.
void refuse_run_among_classes(const TrainOptions& options, const RunConfig& config,
                              const std::string& directory) {
  if (config.data.format != DataFormat::folder) return;
  const auto place_of = [](const std::string& path) {
    std::error_code error;
    return std::filesystem::weakly_canonical(std::filesystem::absolute(path, error), error);
  };
  const std::filesystem::path out = place_of(run_folder(options, config.name));
  std::vector<std::string> folders = resolved_paths(config.data.train, directory);
  for (const std::string& path : resolved_paths(config.data.test, directory)) {
    folders.push_back(path);
  }
  for (const std::string& folder : folders) {
    const std::filesystem::path inside = out.lexically_relative(place_of(folder));
    if (inside.empty() || *inside.begin() == "..") continue;
    throw Error(ErrorKind::usage, shown_path(out.string()) + ": lies among the class folders of " +
                                      shown_path(folder) +
                                      " and would be taken for one; expected another --out");
  }
}

// Test files are not read; what is missing is better known before the training than after.
void warn_of_missing_test(const RunConfig& config, const std::string& directory, RunLog& log) {
  for (const std::string& path : resolved_paths(config.data.test, directory)) {
    if (!any_is_missing({path})) continue;
    log.warning(shown_path(path) +
                " does not exist: /data/test names it, and bnn-eval will need it");
  }
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
                  ": /training/epochs: epochs, steps and samples need more than 2^32 draws of "
                  "the weights");
}

std::string shape_of_run(const RunConfig& config, const TrainingData& data,
                         std::size_t network_bytes, int threads) {
  const std::size_t bytes = network_bytes + data.images.resident_bytes();
  return fmt::format(
      "{} training examples, {} held out for validation; batches of {}; about {} MB of memory on "
      "{} {}",
      data.split.train.size(), data.split.validation.size(), config.training.batch_size,
      fixed(static_cast<double>(bytes) / 1e6, 0), threads, threads == 1 ? "thread" : "threads");
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

// Errors about the config do not know its file below this point, so its name is added here.
TrainingData load_data(const TrainOptions& options, const std::string& path,
                       const RunConfig& config, const Graph& graph) {
  try {
    ThreadPool pool(options.threads);
    const BrokenImages broken = options.skip_errors ? BrokenImages::skip : BrokenImages::refuse;
    return load_training_data(config, data_directory(options.data, config.data.directory, path),
                              graph.outputs(), {&pool, broken, options.cache});
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::config) {
      throw Error(error.kind(), shown_path(path) + ": " + error.what());
    }
    throw with_hint(error, options, config.data,
                    data_directory(options.data, config.data.directory, path));
  }
}

int print_text(const std::string& text) {
  std::fputs(text.c_str(), stdout);
  return 0;
}

int print_json(const Json& document) { return print_text(document.dump(2) + "\n"); }

// What happened to the images, and how many each class has.
void describe_data(const RunConfig& config, const TrainingData& data, RunLog& log) {
  const Dataset& images = data.images;
  for (const std::string& sentence : images.skipped()) log.warning("skipped " + sentence);
  if (!images.skipped().empty()) {
    log.warning(fmt::format("skipped {} of {} images", images.skipped().size(),
                            images.size() + images.skipped().size()));
  }
  if (!images.cache_note().empty()) log.info(images.cache_note());
  if (images.changes().any()) log.info(images.changes().sentence(images.shape()));
  warn_of_missing_test(config, data.directory, log);
  log.info(class_counts_text(data.class_counts, data.class_names));
  if (config.class_weights.any() || config.sampling == Sampling::balanced) return;
  if (const auto warning = imbalance_warning(data.class_counts, data.class_names)) {
    log.warning(*warning);
  }
}

// What a finished run says to somebody who resumes it.
std::string way_on(const RunConfig& config, const TrainingState& state) {
  const std::uint64_t epochs = config.training.epochs;
  if (state.epoch < epochs) {
    return fmt::format(
        "nothing is left to do: the run stopped early, after {} of {} epochs; --resume "
        "--set training.early_stopping.patience=0 goes on",
        state.epoch, epochs);
  }
  Json longer = config.resolved;
  longer["training"]["epochs"] = 2 * epochs;
  const bool is_bound = !differing_key(config.resolved, longer).empty();
  return fmt::format("nothing is left to do: all epochs ({}) are trained; {}", epochs,
                     is_bound
                         ? "its steps follow that number, so begin another run with --init-from "
                           "and its checkpoint"
                         : fmt::format("--resume --epochs {} goes on", 2 * epochs));
}

FolderUse folder_use(const TrainOptions& options) {
  if (options.resume) return FolderUse::resume;
  return options.overwrite ? FolderUse::overwrite : FolderUse::fresh;
}

// The run from its folder to its end. Returns the exit code.
// @param start what is said of the weights that it starts from
int train(const TrainOptions& options, Run& run, const std::string& description,
          const std::vector<std::string>& start) {
  RunLog log("bnn-train", options.verbosity);
  const Json config = run.folder_config();
  RunFolder folder(run_folder(options, run.config.name), folder_use(options));
  Resumption begin =
      options.resume ? resume_run(run, folder, log) : Resumption{initial_state(run), "", {}};
  const TrainingState& state = begin.state;
  write_file_atomically(folder.config_file(), config.dump(2) + "\n");
  const bool validated = !validation_is_due(state, run.trainer.steps_per_epoch());
  folder.open_metrics(state.step, validated, begin.unwritten_metrics);
  RunOutputs outputs(run, folder, log);
  if (begin.unsaved_best) outputs.save_best(std::move(*begin.unsaved_best));
  std::optional<TensorBoard> board;
  if (options.tensorboard) {
    board.emplace(folder.tensorboard_folder(), state.step, validated);
    board->catch_up(folder.metrics_text());
    outputs.show_in(*board);
  }
  log.add_file(folder.log_file());
  log.info("matrix products: " + products_text(run.config.training.products));
  log.info(description);
  describe_data(run.config, run.data, log);
  for (const std::string& sentence : start) log.info(sentence);
  log.detail("OpenBLAS " + blas_configuration() + ", data from " + run.data.directory);
  const GracefulStop stops_with_a_checkpoint;  // from here on; what is read so far ends at once
  TrainingLoop loop(run, outputs, log);
  const auto max_steps = options.max_steps
                             ? std::optional(static_cast<std::uint64_t>(*options.max_steps))
                             : std::nullopt;
  if (options.resume && loop.is_finished(state)) log.info(way_on(run.config, state));
  const int signal = loop.run(state, max_steps);
  outputs.require_all();
  log.info((signal != 0 ? "stopped by a signal; --resume continues from " : "wrote ") +
           folder.last_checkpoint());
  return signal == 0 ? 0 : 128 + signal;
}

int search_rate(const TrainOptions& options, Run& run) {
  RunLog log("bnn-train", options.verbosity);
  const auto steps = static_cast<int>(options.max_steps.value_or(kSweepSteps));
  return print_text(
      find_learning_rate(run, options.rates, steps, run_folder(options, run.config.name), log) +
      "\n");
}

// With --resume-or-start, whether there is something to resume.
TrainOptions decided(TrainOptions options) {
  if (!options.resume_or_start) return options;
  const std::string folder = options.config.empty()
                                 ? options.out
                                 : run_folder(options, load_config_document(options.config));
  options.resume = is_run(folder);
  if (options.resume) options.init_from.clear();  // the run began with them
  return options;
}

int run_config(const TrainOptions& options) {
  auto [path, config] = load_config(options);
  Graph graph = make_graph(config, shown_path(path), ErrorKind::config);
  if (options.print_config) return print_json(config.resolved);
  ExecutionPlan plan = training_plan(graph, config.training, options.threads);
  const std::size_t bytes = run_bytes(config, graph, plan);
  require_memory(bytes, shown_path(path), "training this network", ErrorKind::config);
  prepare_blas(options.threads);
  TrainingData data = load_data(options, path, config, graph);
  refuse_run_among_classes(options, config, data.directory);
  refuse_too_many_draws(config.training, data.split.train.size(), shown_path(path));
  const std::string hint = wide_input_hint(graph);
  const std::string description = summary_table(graph) + (hint.empty() ? "" : hint + "\n") +
                                  shape_of_run(config, data, bytes, options.threads);
  if (options.dry_run) {
    RunLog log("bnn-train", options.verbosity);
    describe_data(config, data, log);
    return print_text(description + "\n");
  }
  require_weights(options, config, path);
  Run run(std::move(config), std::move(graph), std::move(data), std::move(plan));
  std::vector<std::string> start;
  if (!options.init_from.empty()) {
    start = take_start_weights(options.init_from, options.init_map, run);
  }
  if (options.find_learning_rate) return search_rate(options, run);
  return train(options, run, description, start);
}

}  // namespace

int run_training(const TrainOptions& options) {
  if (options.print_schema) return print_json(run_config_schema());
  if (options.print_reference) return print_text(config_reference(run_config_schema()));
  if (!options.init.empty()) return write_starter(options.init, options.verbosity);
  return run_config(decided(options));
}

}  // namespace bnn
