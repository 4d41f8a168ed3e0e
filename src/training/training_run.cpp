#include "bnn/training/training_run.h"

#include <cstdio>
#include <filesystem>
#include <fmt/format.h>
#include <optional>
#include <utility>

#include "bnn/config/config_reference.h"
#include "bnn/core/display_text.h"
#include "bnn/core/input_file.h"
#include "bnn/core/memory_limit.h"
#include "bnn/data/class_balance.h"
#include "bnn/data/data_files.h"
#include "bnn/exchange/agreement.h"
#include "bnn/math/blas.h"
#include "bnn/math/products.h"
#include "bnn/model/summary_table.h"
#include "bnn/process/blas_kernel.h"
#include "bnn/process/stop_signal.h"
#include "bnn/training/find_learning_rate.h"
#include "bnn/training/loaded_config.h"
#include "bnn/training/resume.h"
#include "bnn/training/shared_start.h"
#include "bnn/training/start_weights.h"
#include "bnn/training/starter.h"
#include "bnn/training/training_loop.h"

namespace bnn {
namespace {

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
                         std::size_t network_bytes, int threads, int processes) {
  const std::size_t bytes = network_bytes + data.images.resident_bytes();
  std::string text = fmt::format(
      "{} training examples, {} held out for validation; batches of {}; about {} MB of memory on "
      "{} {}",
      data.split.train.size(), data.split.validation.size(), config.training.batch_size,
      fixed(static_cast<double>(bytes) / 1e6, 0), threads, threads == 1 ? "thread" : "threads");
  if (processes > 1) text += fmt::format(" in each of {} processes", processes);
  return text;
}

// The tree of the shards is cut into as many subtrees as there are processes.
void require_processes(int processes, const TrainingSpec& spec, const std::string& path) {
  if (processes <= spec.shards) return;
  std::string possible = "1";
  for (int n = 2; n <= spec.shards; n *= 2) {
    possible += (2 * n > spec.shards ? " or " : ", ") + std::to_string(n);
  }
  throw Error(
      ErrorKind::config,
      fmt::format("{}: /training/shards: {} shards can be split over {} processes, found {}",
                  shown_path(path), spec.shards, possible, processes));
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
    throw with_data_hint(error, options, config.data,
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
  const std::vector<std::size_t> held_out = class_counts(
      images.labels(), data.split.validation, static_cast<int>(data.class_counts.size()));
  if (const auto warning = unvalidated_warning(data.class_counts, held_out, data.class_names)) {
    log.warning(*warning);
  }
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

// What would be refused after the images are read, which may take minutes.
void check_places(const TrainOptions& options, const std::string& name) {
  if (!options.init_from.empty()) const InputFile file(options.init_from, ErrorKind::checkpoint);
  if (options.find_learning_rate) return;
  require_usable(run_folder(options, name), folder_use(options));
}

// What the run writes. One process has it.
class Records {
 public:
  Records(Run& run, const TrainOptions& options, RunLog& log)
      : run_(run),
        options_(options),
        log_(log),
        folder_(run_folder(options, run.config.name), folder_use(options)) {}

  // Opens everything, and returns where the run stands.
  TrainingState open() {
    Resumption begin =
        options_.resume ? resume_run(run_, folder_, log_) : Resumption{initial_state(run_), "", {}};
    const TrainingState& state = begin.state;
    write_file_atomically(folder_.config_file(), run_.folder_config().dump(2) + "\n");
    const bool validated = !validation_is_due(state, run_.trainer.steps_per_epoch());
    folder_.open_metrics(state.step, validated, begin.unwritten_metrics);
    if (begin.unsaved_best) outputs_.save_best(std::move(*begin.unsaved_best));
    if (options_.tensorboard) {
      board_.emplace(folder_.tensorboard_folder(), state.step, validated);
      board_->catch_up(folder_.metrics_text());
      outputs_.show_in(*board_);
    }
    log_.add_file(folder_.log_file());
    return state;
  }

  RunOutputs& outputs() { return outputs_; }
  std::string last_checkpoint() const { return folder_.last_checkpoint(); }

 private:
  Run& run_;
  const TrainOptions& options_;
  RunLog& log_;
  RunFolder folder_;
  RunOutputs outputs_{run_, folder_, log_};
  std::optional<TensorBoard> board_;
};

// Sentences about the run, for the log.
void describe(const Run& run, const std::string& description, const std::vector<std::string>& start,
              RunLog& log) {
  log.info("matrix products: " + products_text(run.config.training.products));
  log.info(description);
  describe_data(run.config, run.data, log);
  for (const std::string& sentence : start) log.info(sentence);
  log.detail("OpenBLAS " + blas_configuration() + ", data from " + run.data.directory);
}

std::string traffic_text(const Exchange& exchange) {
  const Traffic& traffic = exchange.traffic();
  return fmt::format("the first of {} processes sent {} bytes in {} messages", exchange.processes(),
                     traffic.bytes, traffic.messages);
}

// The run from its folder to its end. Returns the exit code.
// @param start what is said of the weights that it starts from
int train(const TrainOptions& options, Run& run, const std::string& description,
          const std::vector<std::string>& start) {
  Exchange& exchange = run.trainer.exchange();
  RunLog log(options.program, options.verbosity);
  std::optional<Records> records;
  TrainingState state;
  require_same_run(run);
  first_alone(exchange, [&] {
    run.folder_config();  // throws before the folder is made
    records.emplace(run, options, log);
    state = records->open();
  });
  share_start(run, options.resume, state);
  if (records) describe(run, description, start, log);
  for (const std::string& sentence : options.warnings) log.warning(sentence);
  const GracefulStop stops_with_a_checkpoint;  // from here on; what is read so far ends at once
  TrainingLoop loop(run, records ? &records->outputs() : nullptr, log);
  loop.warn_of_slow_steps(options.slow_step, options.slow_step_warning);
  const auto max_steps = options.max_steps
                             ? std::optional(static_cast<std::uint64_t>(*options.max_steps))
                             : std::nullopt;
  if (options.resume && loop.is_finished(state)) log.info(way_on(run.config, state));
  const int signal = loop.run(state, max_steps);
  first_alone(exchange, [&] { records->outputs().require_all(); });
  if (!exchange.is_alone()) log.detail(traffic_text(exchange));
  if (records) {
    log.info((signal != 0 ? "stopped by a signal; --resume continues from " : "wrote ") +
             records->last_checkpoint());
  }
  return signal == 0 ? 0 : 128 + signal;
}

int search_rate(const TrainOptions& options, Run& run) {
  Exchange& exchange = run.trainer.exchange();
  RunLog log(options.program, options.verbosity);
  TrainingState state;
  require_same_run(run);
  share_start(run, /*goes_on=*/false, state);
  const auto steps = static_cast<int>(options.max_steps.value_or(kSweepSteps));
  const std::string folder = exchange.is_first() ? run_folder(options, run.config.name) : "";
  return print_text(find_learning_rate(run, options.rates, steps, folder, log) + "\n");
}

// What a run is made of, checked.
struct Prepared {
  Graph graph;
  ExecutionPlan plan;
  TrainingData data;
  std::string description;
};

Prepared prepare(const TrainOptions& options, const LoadedConfig& loaded, Graph graph,
                 int processes) {
  const RunConfig& config = loaded.config;
  const std::string source = shown_path(loaded.path);
  ExecutionPlan plan = training_plan(graph, config.training, options.threads, processes);
  const std::size_t bytes = run_bytes(config, graph, plan);
  require_memory(bytes, source, "training this network", ErrorKind::config);
  Products(config.training.products).prepare(options.threads);
  TrainingData data = load_data(options, loaded.path, config, graph);
  refuse_run_among_classes(options, config, data.directory);
  refuse_too_many_draws(config.training, data.split.train.size(), source);
  const std::string hint = wide_input_hint(graph);
  std::string description = summary_table(graph) + (hint.empty() ? "" : hint + "\n") +
                            shape_of_run(config, data, bytes, options.threads, processes);
  return {std::move(graph), std::move(plan), std::move(data), std::move(description)};
}

int run_config(TrainOptions options, Exchange& exchange) {
  LoadedConfig loaded = load_shared_config(options, exchange);
  std::optional<Graph> graph;
  together(exchange, [&] {
    graph.emplace(make_graph(loaded.config, shown_path(loaded.path), ErrorKind::config));
    require_processes(exchange.processes(), loaded.config.training, loaded.path);
  });
  if (options.print_config) return print_json(loaded.config.resolved);
  if (!options.dry_run) {
    together(exchange, [&] { require_weights(options, loaded.config, loaded.path); });
    first_alone(exchange, [&] { check_places(options, loaded.config.name); });
  }
  std::optional<Prepared> prepared;
  together(exchange, [&] {
    prepared.emplace(prepare(options, loaded, *std::move(graph), exchange.processes()));
  });
  if (options.dry_run) {
    RunLog log(options.program, options.verbosity);
    describe_data(loaded.config, prepared->data, log);
    return print_text(prepared->description + "\n");
  }
  std::optional<Run> run;
  std::vector<std::string> start;
  together(exchange, [&] {
    run.emplace(std::move(loaded.config), std::move(prepared->graph), std::move(prepared->data),
                std::move(prepared->plan), &exchange);
  });
  first_alone(exchange, [&] {
    if (options.init_from.empty()) return;
    start = take_start_weights(options.init_from, options.init_map, *run);
  });
  if (options.find_learning_rate) return search_rate(options, *run);
  return train(options, *run, prepared->description, start);
}

}  // namespace

int run_training(const TrainOptions& options, Exchange& exchange) {
  require_same_options(options, exchange);
  if (options.print_schema) return print_json(run_config_schema());
  if (options.print_reference) return print_text(config_reference(run_config_schema()));
  if (!options.init.empty()) {
    int code = 0;
    first_alone(exchange, [&] { code = write_starter(options.init, options.verbosity); });
    return code;
  }
  return run_config(options, exchange);
}

int run_training(const TrainOptions& options) {
  Exchange alone(stop_signal);
  return run_training(options, alone);
}

}  // namespace bnn
