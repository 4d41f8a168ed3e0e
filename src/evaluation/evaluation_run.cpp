#include "bnn/evaluation/evaluation_run.h"

#include <fmt/format.h>
#include <memory>
#include <optional>

#include "bnn/core/input_file.h"
#include "bnn/evaluation/calibration_run.h"
#include "bnn/evaluation/evaluation_collector.h"
#include "bnn/evaluation/evaluation_inputs.h"
#include "bnn/evaluation/evaluation_results.h"
#include "bnn/evaluation/features_run.h"
#include "bnn/evaluation/part_run.h"
#include "bnn/evaluation/report_writer.h"
#include "bnn/evaluation/stream_predictor.h"
#include "bnn/files/atomic_file.h"
#include "bnn/files/npy.h"
#include "bnn/math/products.h"
#include "bnn/process/output_paths.h"
#include "bnn/process/progress_meter.h"
#include "bnn/process/stop_signal.h"

namespace bnn {
namespace {

// What makes sense for one network only.
void refuse_for_ensembles(const EvalOptions& options) {
  if (options.members.empty()) return;
  const auto refuse = [&](bool asked, const std::string& option) {
    if (!asked) return;
    throw Error(ErrorKind::usage, fmt::format("{}: expected one checkpoint, found {}", option,
                                              options.members.size() + 1));
  };
  refuse(!options.prune.empty(), "--prune");
  refuse(options.fit_calibration, "--fit-calibration");
  refuse(options.fit_features, "--fit-features");
  refuse(options.calibration.temperature, "--temperature");
  refuse(options.calibration.conformal.has_value(), "--conformal");
}

void check_standard_inputs(const EvalOptions& options) {
  std::vector<std::string> inputs = options.files;
  inputs.insert(inputs.end(), options.ood.begin(), options.ood.end());
  check_standard_input(inputs);
}

void keep_part(const Part& part, EvaluationImages& images) {
  const ImageRange range = part.range(images.chosen.size());
  images.chosen = {images.chosen.begin() + static_cast<std::ptrdiff_t>(range.first),
                   images.chosen.begin() + static_cast<std::ptrdiff_t>(range.last)};
}

// Null without --save-samples.
std::unique_ptr<NpyWriter> sample_writer(const EvalOptions& options, const EvaluationPlan& plan,
                                         const EvaluationImages& images) {
  if (options.save_samples.empty()) return nullptr;
  return std::make_unique<NpyWriter>(options.save_samples, plan.samples, images.chosen.size(),
                                     static_cast<std::size_t>(plan.classes));
}

Evaluation evaluate(const EvalOptions& options, const EvaluationInputs& inputs,
                    StreamPredictor& predictor, ThreadPool& pool, ReportWriter* report) {
  const EvaluationPlan& plan = predictor.plan();
  const std::unique_ptr<NpyWriter> samples = sample_writer(options, plan, inputs.images);
  const auto show = [&](StreamKind kind, const Summary& summary, std::uint32_t example) {
    if (report == nullptr) return;
    if (kind == StreamKind::outside) return report->examples().add_outside(summary, example);
    report->examples().add(summary, example, inputs.images.data.labels()[example]);
  };
  EvaluationCollector collector(plan, pool, show);
  for (std::size_t i = 0; i < plan.streams.size(); ++i) {
    predictor.run(i, [&](const PredictedBlock& block, std::span<const int> labels) {
      collector.add(i, block, labels);
      if (i == 0 && samples) {
        samples->write_block(block.first, block.examples.size(), block.predictions);
      }
    });
    collector.end(i);
  }
  if (samples) samples->finish();
  return collector.finish(static_cast<std::size_t>(options.bootstrap), stop_if_asked);
}

int evaluate_networks(const EvalOptions& options) {
  refuse_for_ensembles(options);
  check_standard_inputs(options);
  if (options.fit_calibration) return run_calibration_fit(options);
  if (options.fit_features) return run_features_fit(options);
  RunLog log("bnn-eval", options.verbosity);
  const std::vector<ModelCheckpoint> models = load_networks(options);
  const ModelCheckpoint& model = models.front();
  for (const ModelCheckpoint& member : models) {
    prediction_spec(options.sampling, member).products.prepare(options.threads);
  }
  check_files(options, model.config.data);
  for (const std::string& path : {options.output, options.save_samples, options.report}) {
    if (!path.empty()) probe_writable(path);
  }
  EvaluationInputs inputs = read_inputs(options, model, log);
  warn_of_other_splits(options, models, log);
  const TrainingHistory history = training_history(options, log);
  log.detail("matrix products: " + prediction_spec(options.sampling, model).products.name());
  const GracefulStop stops_tidily;
  const bool is_part = !options.output.empty();
  const Json identity = is_part ? identity_of(options, models, inputs) : Json();
  if (is_part) {
    keep_part(options.part, inputs.images);
    if (inputs.outside) keep_part(options.part, *inputs.outside);
  }
  std::optional<ReportWriter> report;
  if (!options.report.empty()) report.emplace(options, model, history);

  ThreadPool pool(options.threads);
  if (inputs.outside) inputs.gaussians = outside_gaussians(options, models, pool, log);
  ProgressMeter meter(log);
  StreamPredictor predictor(options, models, inputs, pool, [&] {
    stop_if_asked();
    meter.advance();
  });
  meter.begin("evaluating", predictor.checks());
  if (is_part) {
    predict_part(options, identity, inputs, predictor);
    meter.end();
    return 0;
  }
  const Evaluation evaluation =
      evaluate(options, inputs, predictor, pool, report ? &*report : nullptr);
  stop_if_asked();
  meter.end();
  if (report) {
    report->finish(evaluation, inputs.images, inputs.outside ? &*inputs.outside : nullptr);
  }
  print_evaluation(evaluation, options, log);
  return 0;
}

}  // namespace

int run_evaluation(const EvalOptions& options) {
  if (!options.merge.empty()) return run_merge(options);
  try {
    return evaluate_networks(options);
  } catch (const Error& error) {
    // Numbers that are not finite come from the weights.
    if (error.kind() != ErrorKind::numerical) throw;
    const std::size_t more = options.members.size();
    throw Error(error.kind(),
                fmt::format("{}{}: {}", shown_path(options.checkpoint),
                            more > 0 ? fmt::format(" and {} more", more) : "", error.what()));
  }
}

}  // namespace bnn
