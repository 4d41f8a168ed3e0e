// bnn-train-mpi: bnn-train in several processes, which an MPI launcher started.

#include <algorithm>
#include <bit>
#include <cstdio>
#include <cstdlib>
#include <fmt/format.h>
#include <sched.h>
#include <string_view>
#include <unistd.h>

#include "bnn/core/error.h"
#include "bnn/core/thread_pool.h"
#include "bnn/exchange/agreement.h"
#include "bnn/process/blas_kernel.h"
#include "bnn/process/main_guard.h"
#include "bnn/process/mpi_launcher.h"
#include "bnn/process/stop_signal.h"
#include "mpi_transport.h"
#include "printed_texts.h"
#include "program.h"
#include "train_program.h"

namespace bnn {
namespace {

constexpr auto kProgram = "bnn-train-mpi";

constexpr auto kDescription =
    "Trains a network in several processes, on one host or on many, which MPI's launcher starts.\n"
    "It has the options of bnn-train, and gives the same checkpoints to the last bit, on 1, 2, 4,\n"
    "8, ... processes, as many as training.shards at most. The first process reads the config and\n"
    "writes the run folder; every process reads the data. --resume goes on with any number of\n"
    "processes, and so does bnn-train.\n";

constexpr auto kExamples =
    "\nExamples:\n"
    "  mpirun -np 4 bnn-train-mpi --config my.json --data DIR --out runs/my\n"
    "  mpirun -np 2 --map-by slot:PE=8 bnn-train-mpi --config my.json --threads 8\n"
    "  srun --mpi=pmix bnn-train-mpi --resume-or-start --config my.json --out runs/my\n";

constexpr double kLeastStallLimit = 1, kMostStallLimit = 1e6;

void add_options(CLI::App& app, TrainOptions& options, double& stall_limit) {
  app.footer(kExamples);
  add_train_options(app, options);
  app.option_defaults()->group("Processes");
  app.add_option(
         "--stall-limit", stall_limit,
         "End the run if a step waits longer than this for a process, or reading, validating "
         "or saving ten times as long (default: 600)")
      ->check(number_between(kLeastStallLimit, kMostStallLimit))
      ->option_text("SECONDS");
  add_printed_texts(app);
}

int affinity_cpus(pid_t process) {
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  return sched_getaffinity(process, sizeof cpus, &cpus) == 0 ? CPU_COUNT(&cpus) : usable_cpus();
}

// Only results of the first process are anybody's.
void silence_output() {
  if (std::freopen("/dev/null", "w", stdout) == nullptr) std::fclose(stdout);
}

void add_advice(const MpiTransport& transport, TrainOptions& options) {
  const auto environment = [](const char* name) { return std::getenv(name); };
  if (const auto seconds = seconds_to_save(environment)) {
    options.slow_step = *seconds / 4;
    options.slow_step_warning = slow_step_warning(*seconds);
  }
  // mpirun, which is not bound itself, is the parent on every host. What srun gives is meant so.
  const int usable = affinity_cpus(0);
  const int fair = std::getenv("OMPI_COMM_WORLD_SIZE") == nullptr
                       ? usable
                       : std::max(1, affinity_cpus(getppid()) / transport.host_processes());
  if (const auto warning = binding_warning(options.threads, usable, fair)) {
    options.warnings.push_back(*warning);
  }
}

int train(int argc, char** argv, MpiTransport& transport) {
  if (!std::has_single_bit(static_cast<unsigned>(transport.size()))) {
    throw AgreedError(ErrorKind::usage,
                      fmt::format("found {} processes; expected 1, 2, 4, 8, ..., since the shards "
                                  "of a batch are split in halves",
                                  transport.size()));
  }
  Exchange exchange(transport, stop_signal);
  TrainOptions options;
  options.program = kProgram;
  double stall_limit = 600;
  CLI::App app(kDescription, kProgram);
  add_options(app, options, stall_limit);
  options.threads = std::max(1, usable_cpus() / transport.sharing_processes());
  bool is_run = false;
  together(exchange, [&] {
    is_run = parse_words(app, argc, argv);
    if (is_run) check_train_options(app, options);
  });
  if (!is_run) return 0;
  transport.set_stall_limit(stall_limit);
  watch_stop_signals();
  add_advice(transport, options);
  if (!exchange.is_first()) options.verbosity = Verbosity::silent;
  return run_training(options, exchange);
}

// Errors that all know of are said once. A process that fails alone says who it is, and ends all.
int run_together(int argc, char** argv, MpiTransport& transport) {
  return guarded_main(kProgram, [&] {
    try {
      return train(argc, argv, transport);
    } catch (const AgreedError& error) {
      if (transport.rank() == 0) throw;
      return static_cast<int>(error.kind());
    } catch (...) {
      if (transport.size() == 1) throw;
      const std::string place = kProgram + (": " + transport.place());
      const auto rethrow = []() -> int { throw; };
      transport.abort(guarded_main(place, rethrow));
    }
  });
}

// Texts about the program need no launcher.
bool asks_for_text(int argc, char** argv) {
  constexpr std::string_view kTexts[] = {"--help", "-h", "--version", "--print-manual",
                                         "--print-completion"};
  return argc > 1 && std::find(std::begin(kTexts), std::end(kTexts), argv[1]) != std::end(kTexts);
}

int print_text_alone(int argc, char** argv) {
  TrainOptions options;
  double stall_limit = 600;
  CLI::App app(kDescription, kProgram);
  add_options(app, options, stall_limit);
  return run_program(app, argc, argv, [] { return 0; });
}

}  // namespace
}  // namespace bnn

int main(int argc, char** argv) {
  const auto environment = [](const char* name) { return std::getenv(name); };
  bnn::choose_blas_kernel();
  if (bnn::asks_for_text(argc, argv)) {
    if (!bnn::is_started_first(environment)) return 0;
    return bnn::print_text_alone(argc, argv);
  }
  bnn::MpiTransport transport(&argc, &argv);
  if (transport.rank() != 0) bnn::silence_output();
  const int code = [&] {
    if (const auto fault = bnn::launcher_fault(transport.size(), environment)) {
      if (!bnn::is_started_first(environment)) return static_cast<int>(bnn::ErrorKind::usage);
      return bnn::guarded_main(bnn::kProgram,
                               [&]() -> int { throw bnn::Error(bnn::ErrorKind::usage, *fault); });
    }
    return bnn::run_together(argc, argv, transport);
  }();
  transport.finish();
  return code;
}
