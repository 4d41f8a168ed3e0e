// bnn-step-cost: the time of a training step and of a prediction against batch size, filters and
// Monte Carlo samples.

#include <cstdio>
#include <filesystem>

#include "bnn/core/error.h"
#include "bnn/files/atomic_file.h"
#include "bnn/math/blas.h"
#include "bnn/process/blas_kernel.h"
#include "program.h"
#include "step_cost_report.h"

namespace bnn {
namespace {

constexpr auto kDescription =
    "Measures the time of a training step of a small flipout convolution network against batch\n"
    "size, filters and Monte Carlo samples, and that of a prediction against its samples, on "
    "random\n"
    "images. Writes step_cost.csv and step_cost.svg; a table goes to stdout.\n";

constexpr int kMostExamples = 512;

struct Options {
  std::string out, redraw;
  int rounds = 21;
  int threads = 1;
  Verbosity verbosity = Verbosity::normal;
};

std::vector<CostRow> points() {
  std::vector<CostRow> rows;
  const auto vary = [&](const char* varied, Workload workload, int Workload::*number,
                        std::initializer_list<int> values) {
    for (const int value : values) {
      workload.*number = value;
      rows.push_back({varied, static_cast<double>(value), workload});
    }
  };
  vary("batch size", {}, &Workload::examples, {16, 32, 64, 128, 256, kMostExamples});
  vary("filters", {}, &Workload::filters, {16, 32, 64, 128, 256});
  vary("samples", {}, &Workload::samples, {1, 2, 4, 8, 16});
  vary("samples", {.predicts = true}, &Workload::samples, {1, 2, 4, 8, 16, 32, 64});
  return rows;
}

// Every round visits all points, so that a busy spell of the machine falls on all of them alike.
void measure(const Options& options, std::vector<CostRow>& rows) {
  RunLog log("bnn-step-cost", options.verbosity);
  ThreadPool pool(options.threads);
  const Dataset data = random_images(kMostExamples);
  std::vector<std::unique_ptr<TimedWorkload>> workloads;
  for (const CostRow& row : rows) {
    workloads.push_back(std::make_unique<TimedWorkload>(row.workload, data, pool));
    workloads.back()->run();  // the first touch of all memory does not count
  }
  for (int round = 1; round <= options.rounds; ++round) {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      rows[i].seconds.push_back(workloads[i]->run());
    }
    log.info("round " + std::to_string(round) + " of " + std::to_string(options.rounds));
  }
}

int run(const Options& options) {
  std::error_code error;
  std::filesystem::create_directories(options.out, error);
  if (error) throw Error(ErrorKind::io, options.out + ": cannot create: " + error.message());
  const std::string plot = options.out + "/step_cost.svg";
  if (!options.redraw.empty()) {
    write_file_atomically(plot, cost_plot(read_cost_csv(options.redraw)));
    return 0;
  }
  prepare_blas(options.threads);
  std::vector<CostRow> rows = points();
  measure(options, rows);
  write_file_atomically(options.out + "/step_cost.csv", cost_csv(rows, options.threads));
  write_file_atomically(plot, cost_plot(rows));
  std::fputs(cost_table(rows).c_str(), stdout);
  return 0;
}

}  // namespace
}  // namespace bnn

int main(int argc, char** argv) {
  bnn::choose_blas_kernel();
  bnn::Options options;
  CLI::App app(bnn::kDescription, "bnn-step-cost");
  app.add_option("--out", options.out, "Where the results go")->option_text("DIR")->required();
  app.add_option("--rounds", options.rounds, "Measurements of each point (default: 21)")
      ->check(CLI::Range(1, 100000))
      ->option_text("R");
  app.add_option("--redraw", options.redraw, "Measure nothing: draw step_cost.svg of this CSV file")
      ->option_text("FILE.csv");
  const bnn::CommonOptions common{options.threads, options.verbosity};
  bnn::add_common_options(app, common);
  options.threads = 1;
  app.get_option("--threads")->description("Worker threads (default: 1)");
  return bnn::run_program(app, argc, argv, [&] { return bnn::run(options); });
}
