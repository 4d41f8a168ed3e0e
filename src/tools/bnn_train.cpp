#include <charconv>
#include <fmt/format.h>
#include <utility>

#include "bnn/core/error.h"
#include "bnn/training/training_run.h"
#include "commands.h"
#include "printed_texts.h"
#include "program.h"
#include "train_program.h"

namespace {

constexpr auto kTrainDescription =
    "Trains a Bayesian neural network with flipout on the negative evidence lower bound.\n"
    "One JSON file describes data, model and training. The run folder gets config.json,\n"
    "train.log, metrics.jsonl and checkpoints/. Ctrl-C saves a checkpoint and stops; --resume\n"
    "continues from it, bit for bit as if the run had not been stopped.\n";

constexpr std::int64_t kLeastSteps = 20, kMostSteps = 1000000;  // of a search for a rate

constexpr auto kTrainExamples =
    "\nExamples:\n"
    "  bnn-train --config configs/fashion-mnist-lenet5.json --data DIR --out runs/lenet5\n"
    "  bnn-train --init photos > photos.json\n"
    "  bnn-train --config my.json --set training.optimizer.learning_rate=3e-4 --dry-run\n"
    "  bnn-train --config my.json --find-learning-rate\n"
    "  bnn-train --resume --out runs/lenet5\n";

// What goes with --find-learning-rate.
void check_search(const bnn::TrainOptions& options) {
  const std::pair<bool, const char*> others[] = {
      {options.resume, "--resume"},
      {options.resume_or_start, "--resume-or-start"},
      {options.overwrite, "--overwrite"},
      {options.tensorboard, "--tensorboard"},
  };
  for (const auto& [is_given, name] : others) {
    bnn::refuse_if(is_given, std::string("--find-learning-rate keeps no weights and does not go "
                                         "with ") +
                                 name);
  }
  const std::int64_t steps = options.max_steps.value_or(bnn::kSweepSteps);
  bnn::refuse_if(steps < kLeastSteps || steps > kMostSteps,
                 fmt::format("--max-steps: --find-learning-rate takes {} to {} steps, found {}",
                             kLeastSteps, kMostSteps, steps));
}

// "LOW:HIGH", both above 0.
bnn::RateRange rates_of(const std::string& word) {
  bnn::RateRange range{0, 0};
  const char* end = word.data() + word.size();
  const auto [colon, low_error] = std::from_chars(word.data(), end, range.low);
  if (low_error == std::errc() && colon != end && *colon == ':') {
    const auto [rest, high_error] = std::from_chars(colon + 1, end, range.high);
    const bool is_whole = high_error == std::errc() && rest == end;
    if (is_whole && range.low >= 1e-30 && range.low < range.high && range.high <= 1e6) return range;
  }
  throw bnn::Error(bnn::ErrorKind::usage,
                   "--rates: expected LOW:HIGH, the lower rate first, as 1e-6:10, from 1e-30 to "
                   "1e6, found " +
                       word);
}

void add_rate_options(CLI::App& app, bnn::TrainOptions& options) {
  auto* find = app.add_flag("--find-learning-rate", options.find_learning_rate,
                            "Train a few steps with growing learning rates, suggest one, and write "
                            "learning_rate.html and learning_rate.csv into the run folder");
  app.add_option_function<std::string>(
         "--rates", [&options](const std::string& word) { options.rates = rates_of(word); },
         "The rates of --find-learning-rate (default: 1e-6:10, in 200 steps or --max-steps)")
      ->option_text("LOW:HIGH")
      ->needs(find);
}

// Options that --init would ignore.
void refuse_beside_init(const CLI::App& app) {
  for (const CLI::Option* option : app.get_options()) {
    const std::string name = option->get_name();
    const bool goes =
        name == "--init" || name == "--threads" || name == "--quiet" || name == "--verbose";
    bnn::refuse_if(option->count() > 0 && !goes, name + " cannot go with --init");
  }
}

}  // namespace

void bnn::add_train_options(CLI::App& app, TrainOptions& options) {
  app.option_defaults()->group("Config and data");
  auto* config = app.add_option("--config", options.config, "The run's config file (JSON)");
  config->option_text("FILE");
  app.add_option("--init", options.init,
                 "Look at a folder of images or at data files, print a config for them and exit")
      ->option_text("PATH...");
  app.add_option("--data", options.data, "Where the data files lie (default: as the config says)")
      ->option_text("DIR");
  app.option_defaults()->group("The run");
  app.add_option("--out", options.out, "The run folder (default: runs/<name of the config>)")
      ->option_text("DIR");
  auto* resume = app.add_flag("--resume", options.resume, "Continue the run in --out");
  auto* resume_or_start =
      app.add_flag("--resume-or-start", options.resume_or_start,
                   "Continue the run in --out if there is one, else start it; for job queues")
          ->excludes(resume);
  auto* init_from =
      app.add_option(
             "--init-from", options.init_from,
             "Start from the weights of another checkpoint, Bayesian or deterministic, or of "
             "a network that PyTorch wrote as safetensors")
          ->option_text("FILE")
          ->excludes(resume);
  app.add_option("--init-map", options.init_map,
                 "JSON that says which module of PyTorch goes into which layer; the names of usual "
                 "ResNets are known")
      ->option_text("FILE")
      ->needs(init_from);
  app.add_flag("--skip-errors", options.skip_errors,
               "Report images of class folders that cannot be decoded and train without them")
      ->group("Config and data");
  bnn::add_cache_option(app, options.cache, "Config and data");
  app.add_flag("--tensorboard", options.tensorboard,
               "Also write metrics and histograms of the posteriors for TensorBoard");
  app.add_flag("--overwrite", options.overwrite, "Replace the run that is in --out")
      ->excludes(resume, resume_or_start);
  app.option_defaults()->group("Keys of the config");
  app.add_option("--set", options.overrides,
                 "Override a key: training.epochs=3, model.layers.0.filters=32; can be repeated")
      ->option_text("KEY=VALUE")
      ->allow_extra_args(false);
  app.add_option("--epochs", options.epochs, "Epochs in all; 0 writes the initial checkpoint")
      ->check(bnn::whole_number())
      ->option_text("N");
  app.add_option("--max-steps", options.max_steps,
                 "Stop with a checkpoint once step N of the run is done; with "
                 "--find-learning-rate: its steps")
      ->check(bnn::whole_number())
      ->option_text("N");
  app.add_option("--seed", options.seed, "Seed of everything random")
      ->check(bnn::whole_number())
      ->option_text("N");
  bnn::add_products_option(app, options.products, "as the config says");
  app.option_defaults()->group("Instead of training");
  app.add_flag("--dry-run", options.dry_run,
               "Check config and data, print layers, sizes and memory; write nothing");
  app.add_flag("--print-config", options.print_config,
               "Print the config with every default filled in, and exit");
  app.add_flag("--print-schema", options.print_schema,
               "Print a JSON Schema of config files, for editors, and exit");
  app.add_flag("--print-reference", options.print_reference,
               "Print what each config key means, in Markdown, and exit");
  add_rate_options(app, options);
  bnn::add_common_options(app, {options.threads, options.verbosity});
}

void bnn::check_train_options(const CLI::App& app, const TrainOptions& options) {
  if (!options.init.empty()) refuse_beside_init(app);
  if (options.find_learning_rate) check_search(options);
  if (options.print_schema || options.print_reference || !options.init.empty()) return;
  if (options.config.empty() && !(options.resume && !options.out.empty())) {
    throw bnn::Error(bnn::ErrorKind::usage,
                     "--config FILE is required, except with --resume --out DIR");
  }
}

int bnn::train_command(int argc, char** argv) {
  bnn::TrainOptions options;
  CLI::App app(kTrainDescription, "bnn-train");
  app.footer(kTrainExamples);
  bnn::add_train_options(app, options);
  bnn::add_printed_texts(app);
  return bnn::run_program(app, argc, argv, [&] {
    bnn::check_train_options(app, options);
    return bnn::run_training(options);
  });
}
