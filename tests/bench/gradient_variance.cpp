// bnn-gradient-variance: the variance of the mini-batch gradient of trained networks under each
// estimator, against the batch size.

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <map>
#include <set>

#include "bnn/checkpoint/model_checkpoint.h"
#include "bnn/core/memory_limit.h"
#include "bnn/evaluation/evaluation_directory.h"
#include "bnn/files/atomic_file.h"
#include "bnn/math/blas.h"
#include "bnn/process/blas_kernel.h"
#include "bnn/training/training_data.h"
#include "measure_variance.h"
#include "program.h"
#include "variance_report.h"

namespace bnn {
namespace {

constexpr auto kDescription =
    "Measures the variance of the mini-batch gradient of the mean negative log likelihood, at the\n"
    "fixed parameters of trained flipout networks, for each way to draw the weights. Writes\n"
    "gradient_variance.csv and gradient_variance.svg; a table goes to stdout.\n";

// A batch k times smaller is repeated k^kGrowth times as often.
constexpr double kGrowth = 0.6;

struct Options {
  std::vector<std::string> checkpoints;
  std::string data, out, redraw;
  std::vector<std::string> estimators = {"shared", "flipout", "local", "independent"};
  std::vector<int> batch_sizes = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024};
  int repeats = 96;
  int threads = 1;
  std::uint64_t seed = 1;
  Verbosity verbosity = Verbosity::normal;
};

// The names of estimators here and in a config.
const std::map<std::string, std::string>& config_names() {
  static const std::map<std::string, std::string> names = {{"shared", "reparameterization"},
                                                           {"flipout", "flipout"},
                                                           {"local", "local_reparameterization"},
                                                           {"independent", "independent"}};
  return names;
}

// The checkpoint's config with another estimator in every flipout layer.
RunConfig config_with(const RunConfig& config, const std::string& estimator,
                      const std::string& source) {
  Json document = config.resolved;
  bool found = false;
  for (Json& layer : document["model"]["layers"]) {
    if (layer["type"] != "conv2d_flipout" && layer["type"] != "dense_flipout") continue;
    layer["estimator"] = estimator;
    found = true;
  }
  if (!found) throw Error(ErrorKind::config, source + ": the network has no flipout layers");
  return read_run_config(document, source, ErrorKind::config);
}

// Variables have the same names whatever the estimator.
AlignedArray copy_parameters(const ModelCheckpoint& model, const ParameterLayout& layout) {
  AlignedArray parameters(layout.size());
  for (const Variable& variable : layout.variables()) {
    const Variable* stored = model.graph.layout().find(variable.name);
    if (stored == nullptr || stored->shape != variable.shape) {
      throw Error(ErrorKind::internal, "no variable " + variable.name);
    }
    const auto from = model.parameters.span().subspan(stored->slice.offset, stored->slice.size);
    std::copy(from.begin(), from.end(), parameters.data() + variable.slice.offset);
  }
  return parameters;
}

// Small batches cost little and their gradients have heavier tails, so they are repeated more.
int groups_of(const Options& options, int batch_size) {
  const double growth = std::pow(
      static_cast<double>(options.batch_sizes.back()) / static_cast<double>(batch_size), kGrowth);
  return static_cast<int>(std::ceil(options.repeats * growth / kGroup));
}

class Measurements {
 public:
  explicit Measurements(const Options& options)
      : options_(options),
        log_("bnn-gradient-variance", options.verbosity),
        pool_(options.threads) {}

  void measure(const std::string& checkpoint, const ModelCheckpoint& model) {
    require_plain_names(checkpoint, model.config.data.train);
    const TrainingData data =
        load_training_data(model.config, options_.data, model.graph.outputs(), {.pool = &pool_});
    const TrainingLoader loader(data.images, data.split.train, data.standardization, {}, 0);
    for (const std::string& estimator : options_.estimators) {
      measure_estimator(checkpoint, model, estimator, loader, data);
    }
  }

  const std::vector<VarianceRow>& rows() const { return rows_; }

 private:
  void measure_estimator(const std::string& checkpoint, const ModelCheckpoint& model,
                         const std::string& estimator, const TrainingLoader& loader,
                         const TrainingData& data) {
    const RunConfig config = config_with(model.config, config_names().at(estimator), checkpoint);
    const Graph graph = make_graph(config, checkpoint, ErrorKind::config);
    TrainingSpec spec = config.training;
    spec.batch_size = options_.batch_sizes.back();
    spec.samples = 1;
    spec.seed = options_.seed;
    require_memory(BatchGradient::bytes(graph, spec, training_plan(graph, spec, options_.threads)),
                   checkpoint, "measuring gradients", ErrorKind::usage);
    const AlignedArray parameters = copy_parameters(model, graph.layout());
    VarianceMeasurement measurement(graph, Targets(data.images.labels()), parameters.data(), loader,
                                    data.split.train, spec, pool_);
    VarianceRow row;
    row.checkpoint = std::filesystem::path(checkpoint).filename().string();
    row.network = config.name;
    row.estimator = estimator;
    for (const DataMode mode : {DataMode::resampled, DataMode::fixed}) {
      row.data = mode == DataMode::fixed ? "fixed" : "resampled";
      for (const int size : options_.batch_sizes) add_rows(measurement, mode, size, row);
    }
  }

  void add_rows(VarianceMeasurement& measurement, DataMode mode, int batch_size, VarianceRow row) {
    const int groups = groups_of(options_, batch_size);
    row.batch_size = batch_size;
    row.repeats = groups * kGroup;
    for (const KernelVariance& variance : measurement.measure(mode, batch_size, groups)) {
      row.layer = variance.layer;
      row.variable = variance.is_scale ? "untransformed_scale" : "loc";
      row.variance = variance.variance;
      rows_.push_back(row);
    }
    log_.info(row.network + "  " + row.data + "  " + row.estimator + "  N = " +
              std::to_string(batch_size) + "  " + std::to_string(row.repeats) + " repeats");
  }

  const Options& options_;
  RunLog log_;
  ThreadPool pool_;
  std::vector<VarianceRow> rows_;
};

// All of them, before the first is measured. Rows and panels are named after the networks.
std::vector<ModelCheckpoint> load_models(const std::vector<std::string>& checkpoints, int threads) {
  std::vector<ModelCheckpoint> models;
  std::set<std::string> names;
  for (const std::string& checkpoint : checkpoints) {
    models.push_back(load_model(checkpoint, threads));
    const std::string& name = models.back().config.name;
    if (names.insert(name).second) continue;
    throw Error(ErrorKind::usage,
                checkpoint + ": a second network called " + json_text(Json(name)));
  }
  return models;
}

void create_folder(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) throw Error(ErrorKind::io, path + ": cannot create: " + error.message());
}

int redraw(const Options& options) {
  create_folder(options.out);
  write_file_atomically(options.out + "/gradient_variance.svg",
                        variance_plot(read_variance_csv(options.redraw)));
  return 0;
}

int run(Options options) {
  if (!options.redraw.empty()) return redraw(options);
  if (options.checkpoints.empty() || options.data.empty()) {
    throw Error(ErrorKind::usage, "expected checkpoints and --data DIR, or --redraw FILE.csv");
  }
  auto& sizes = options.batch_sizes;
  std::sort(sizes.begin(), sizes.end());
  sizes.erase(std::unique(sizes.begin(), sizes.end()), sizes.end());
  prepare_blas(options.threads);
  const std::vector<ModelCheckpoint> models = load_models(options.checkpoints, options.threads);
  create_folder(options.out);
  Measurements measurements(options);
  for (std::size_t i = 0; i < models.size(); ++i) {
    measurements.measure(options.checkpoints[i], models[i]);
  }
  const auto& rows = measurements.rows();
  write_file_atomically(options.out + "/gradient_variance.csv", variance_csv(rows));
  write_file_atomically(options.out + "/gradient_variance.svg", variance_plot(rows));
  std::fputs(variance_table(rows).c_str(), stdout);
  return 0;
}

}  // namespace
}  // namespace bnn

int main(int argc, char** argv) {
  bnn::choose_blas_kernel();
  bnn::Options options;
  CLI::App app(bnn::kDescription, "bnn-gradient-variance");
  app.add_option("CHECKPOINT", options.checkpoints, "Checkpoints of bnn-train");
  app.add_option("--data", options.data, "Where the images that they were trained on lie")
      ->option_text("DIR");
  app.add_option("--out", options.out, "Where the results go")->option_text("DIR")->required();
  app.add_option("--redraw", options.redraw,
                 "Measure nothing: draw gradient_variance.svg of this CSV file")
      ->option_text("FILE.csv");
  app.add_option("--estimators", options.estimators,
                 "Names between commas (default: shared,flipout,local,independent)")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::IsMember(bnn::config_names()))
      ->option_text("NAME,...");
  app.add_option("--batch-sizes", options.batch_sizes,
                 "Numbers between commas (default: the powers of 2 up to 1024)")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::Range(1, 65536))
      ->option_text("N,N,...");
  app.add_option("--repeats", options.repeats,
                 "Gradients at the largest batch size; smaller batches get more (default: 96)")
      ->check(CLI::Range(8, 1000000))
      ->option_text("R");
  app.add_option("--seed", options.seed, "Seed of batches and noise (default: 1)")
      ->check(bnn::whole_number())
      ->option_text("N");
  const bnn::CommonOptions common{options.threads, options.verbosity};
  bnn::add_common_options(app, common);
  return bnn::run_program(app, argc, argv, [&] { return bnn::run(options); });
}
