#include "bnn/training/shared_start.h"

#include <array>
#include <fmt/format.h>
#include <span>
#include <utility>

#include "bnn/checkpoint/run_folder.h"
#include "bnn/core/input_file.h"
#include "bnn/core/parse_json.h"
#include "bnn/core/processor.h"
#include "bnn/exchange/agreement.h"
#include "bnn/files/crc32c.h"
#include "bnn/math/blas.h"
#include "bnn/process/version.h"

namespace bnn {
namespace {

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

std::string checksum(std::string_view bytes) { return fmt::format("{:08x}", crc32c(bytes)); }

// The version, and the checksum of the file, since the same version can be built in several ways.
std::string program() {
  const std::string text = version_text("bnn");
  constexpr std::size_t kMostBytes = std::size_t{1} << 30;
  return fmt::format("{} ({})", text.substr(0, text.find('\n')),
                     checksum(read_text_file("/proc/self/exe", kMostBytes, ErrorKind::io)));
}

// What steers the training besides the config. Threads and the places of data may differ.
std::string steering(const TrainOptions& options) {
  std::string text = fmt::format("--config {} --out {} --init-from {}", options.config, options.out,
                                 options.init_from);
  for (const std::string& assignment : options.overrides) text += " --set " + assignment;
  const std::pair<const char*, const std::optional<std::int64_t>&> numbers[] = {
      {"--epochs", options.epochs}, {"--max-steps", options.max_steps}, {"--seed", options.seed}};
  for (const auto& [name, number] : numbers) {
    if (number) text += fmt::format(" {} {}", name, *number);
  }
  const std::pair<const char*, bool> flags[] = {{"--resume", options.resume},
                                                {"--resume-or-start", options.resume_or_start},
                                                {"--dry-run", options.dry_run},
                                                {"--print-config", options.print_config},
                                                {"--init", !options.init.empty()}};
  for (const auto& [name, is_given] : flags) {
    if (is_given) text += fmt::format(" {}", name);
  }
  if (options.find_learning_rate) {
    text +=
        fmt::format(" --find-learning-rate --rates {}:{}", options.rates.low, options.rates.high);
  }
  return text;
}

std::string arithmetic(const RunConfig& config) {
  const ProductsKind kind = config.training.products;
  return fmt::format("{}, {} multiply-adds",
                     kind == ProductsKind::own ? std::string("own products")
                                               : "OpenBLAS with kernels for " + blas_kernel(),
                     multiply_add_name());
}

}  // namespace

void require_same_options(const TrainOptions& options, Exchange& exchange) {
  const SharedFact facts[] = {{"the options", steering(options)}};
  require_same(exchange, facts);
}

LoadedConfig load_shared_config(TrainOptions& options, Exchange& exchange) {
  LoadedConfig loaded;
  first_alone(exchange, [&] {
    options = decided(options);
    loaded = load_config(options);
  });
  if (exchange.is_alone()) return loaded;
  const std::string text =
      exchange.broadcast_text(exchange.is_first() ? loaded.config.resolved.dump() : "");
  loaded.path = exchange.broadcast_text(loaded.path);
  options.resume = exchange.broadcast_text(options.resume ? "yes" : "no") == "yes";
  if (options.resume) options.init_from.clear();  // as the first one has done
  if (exchange.is_first()) return loaded;
  const std::string source = shown_path(loaded.path);
  loaded.config =
      read_run_config(parse_json(text, source, ErrorKind::config), source, ErrorKind::config);
  return loaded;
}

void share_start(Run& run, bool goes_on, TrainingState& state) {
  Exchange& exchange = run.trainer.exchange();
  if (exchange.is_alone()) return;
  exchange.broadcast(std::span(&state, 1));
  exchange.broadcast(run.trainer.parameters().span());
  if (!goes_on) return;
  std::vector<StateArray>& arrays = run.trainer.optimizer_state();
  for (std::size_t i = 0; i < arrays.size(); ++i) {
    AlignedArray received(exchange.is_first() ? 0 : arrays[i].values.size());
    run.trainer.share_state(i, exchange.is_first() ? arrays[i].values : received);
  }
}

void require_same_run(Run& run) {
  Exchange& exchange = run.trainer.exchange();
  if (exchange.is_alone()) return;
  std::vector<SharedFact> facts;
  together(exchange, [&] {
    facts = {{"the program", program()},
             {"the arithmetic", arithmetic(run.config)},
             {"the checksum of the data", fmt::format("{:08x}", run.data.digest(run.pool))},
             {"the checksum of the config", checksum(run.checkpoint_config().dump())}};
  });
  require_same(exchange, facts);
}

}  // namespace bnn
