#include "bnn/evaluation/evaluation_run.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fmt/format.h>

#include "bnn/checkpoint/ensemble.h"
#include "bnn/checkpoint/run_folder.h"
#include "bnn/data/data_files.h"
#include "bnn/evaluation/calibration_run.h"
#include "bnn/evaluation/evaluation_corruption.h"
#include "bnn/evaluation/evaluation_directory.h"
#include "bnn/evaluation/evaluation_images.h"
#include "bnn/evaluation/evaluation_passes.h"
#include "bnn/evaluation/evaluation_pruning.h"
#include "bnn/evaluation/report_writer.h"
#include "bnn/math/blas.h"
#include "bnn/output/evaluation_output.h"
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
  refuse(options.calibration.temperature, "--temperature");
  refuse(options.calibration.conformal.has_value(), "--conformal");
}

void append(std::vector<std::string>& list, const std::vector<std::string>& more) {
  list.insert(list.end(), more.begin(), more.end());
}

void check_inputs(const EvalOptions& options) {
  std::vector<std::string> inputs = options.files;
  append(inputs, options.ood);
  check_standard_input(inputs);
}

void check_outputs_of(const EvalOptions& options, const DataConfig& data) {
  std::vector<std::string> inputs = run_files(options.checkpoint);
  append(inputs, options.files);
  append(inputs, options.ood);
  for (const std::string& member : options.members) append(inputs, run_files(member));
  if (options.files.empty()) {
    const std::string directory = evaluation_directory(options.checkpoint, options.data);
    for (const FileSet* set : {&data.train, &data.test}) {
      append(inputs, resolved_paths(*set, directory));
    }
  }
  check_outputs({{"--save-samples", options.save_samples}, {"--report", options.report}}, inputs);
}

std::vector<ModelCheckpoint> load_all(const EvalOptions& options) {
  std::vector<std::string> paths = {options.checkpoint};
  paths.insert(paths.end(), options.members.begin(), options.members.end());
  std::vector<ModelCheckpoint> models = load_models(paths, options.threads);
  if (!options.prune.empty()) require_prunable(options.checkpoint, models.front());
  return models;
}

// Everything besides the networks, read and checked before the first image goes through them.
struct EvaluationInputs {
  EvaluationImages images;
  std::optional<EvaluationImages> outside;
  std::vector<const Corruption*> corruptions;
  AppliedCalibration calibration;
  TrainingHistory history;  // for the report

  EvaluationInputs(const EvalOptions& options, const ModelCheckpoint& model, RunLog& log)
      : images(load_images(options, model)) {
    if (!options.ood.empty()) outside = load_outside(options, model);
    if (options.corrupt) {
      corruptions = applicable_corruptions(options.corruptions, model.config.model.input, log);
    }
    calibration = apply_calibration(options.calibration, options.checkpoint, model,
                                    prediction_spec(options.sampling, model),
                                    [&](const std::string& text) { log.warning(text); });
    const bool calibrated = options.calibration.temperature || options.calibration.conformal;
    if (calibrated && options.files.empty() && options.split != "test") {
      log.warning("--split " + options.split +
                  ": the calibration was fitted to images of the run's own training files, so "
                  "these numbers flatter it");
    }
    history = training_history(options, log);
  }
};

SinglePass single_pass(const EvalOptions& options, const std::vector<ModelCheckpoint>& models) {
  const auto has_noise = [](const ModelCheckpoint& model) { return model.graph.has_noise(); };
  if (std::none_of(models.begin(), models.end(), has_noise)) return SinglePass::no_noise;
  return options.sampling.mean_weights ? SinglePass::mean_weights : SinglePass::no;
}

// The passes over the images of the evaluation and over those from elsewhere.
void evaluate_images(const EvaluationSetup& setup, const EvaluationInputs& inputs,
                     EnsemblePredictor& predictor, ReportWriter* report, Evaluation& evaluation) {
  const std::span<const int> labels = inputs.images.data.labels();
  std::optional<ConformalCollector> sets;
  if (inputs.calibration.conformal) {
    sets.emplace(*inputs.calibration.conformal, setup.models.front().graph.outputs());
  }
  const OodScores scores = evaluate_samples(
      setup, predictor, inputs.images,
      [&](const Summary& summary, std::uint32_t example) {
        if (sets) sets->add(summary.probabilities, labels[example]);
        if (report != nullptr) report->examples().add(summary, example, labels[example]);
      },
      evaluation);
  if (sets) evaluation.conformal = sets->finish();
  if (!inputs.outside) return;
  evaluation.ood =
      ood_metrics(scores, score_images(setup, predictor, *inputs.outside,
                                       [&](const Summary& summary, std::uint32_t example) {
                                         if (report != nullptr)
                                           report->examples().add_outside(summary, example);
                                       }));
}

void tell_missing_intervals(const Evaluation& evaluation, RunLog& log) {
  if (!evaluation.intervals || evaluation.metrics.examples == 0) return;
  if (evaluation.intervals->of(&Metrics::class_ece).defined()) return;
  log.info(
      fmt::format("macro_auroc, and the intervals of class_ece, reliability and resolution, are "
                  "missing: examples times classes are more "
                  "than {}",
                  kMaxBootstrapProbabilities));
}

}  // namespace

// How often predictors look for a signal: once for each group of images, pass and network.
double groups_of(const EvaluationInputs& inputs, const EnsemblePredictor& predictor,
                 std::size_t members) {
  constexpr double kGroup = 32;
  std::size_t images = inputs.images.chosen.size() * (1 + inputs.corruptions.size());
  if (inputs.outside) images += inputs.outside->chosen.size();
  return static_cast<double>(images * predictor.passes() * members) / kGroup;
}

int run_evaluation(const EvalOptions& options) {
  refuse_for_ensembles(options);
  check_inputs(options);
  if (options.fit_calibration) return run_calibration_fit(options);
  RunLog log("bnn-eval", options.verbosity);
  const std::vector<ModelCheckpoint> models = load_all(options);
  const ModelCheckpoint& model = models.front();
  prepare_blas(options.threads);
  const EvaluationInputs inputs(options, model, log);
  check_outputs_of(options, model.config.data);
  log.detail("matrix products: " + prediction_spec(options.sampling, model).products.name());
  const GracefulStop stops_tidily;
  std::optional<ReportWriter> report;
  if (!options.report.empty()) report.emplace(options, model, inputs.history);

  PredictionSpec spec = prediction_spec(options.sampling, model);
  spec.temperature = inputs.calibration.temperature;
  ThreadPool pool(options.threads);
  const EvaluationSetup setup{options, models, pool};
  EnsemblePredictor predictor(
      *model.likelihood, ensemble_members(models, options.sampling, inputs.calibration.temperature),
      pool);
  ProgressMeter meter(log);
  predictor.check_often([&] {
    stop_if_asked();
    meter.advance();
  });
  meter.begin("evaluating", groups_of(inputs, predictor, models.size()));
  Evaluation evaluation;
  evaluation.samples = predictor.passes();
  evaluation.members = models.size();
  evaluation.class_names = model.class_names;
  evaluation.single_pass = single_pass(options, models);
  if (options.calibration.temperature) evaluation.temperature = inputs.calibration.temperature;

  evaluate_images(setup, inputs, predictor, report ? &*report : nullptr, evaluation);
  tell_missing_intervals(evaluation, log);
  if (evaluation.single_pass == SinglePass::no) {
    evaluation.mean_weights = evaluate_mean_weights(setup, inputs.images, spec.temperature);
  }
  evaluation.corruptions =
      evaluate_corruptions(inputs.corruptions, inputs.images, spec.seed, predictor, pool, log);
  if (!options.prune.empty()) {
    evaluation.pruning = evaluate_pruning(model, inputs.images, spec, options.prune, pool);
  }
  stop_if_asked();
  meter.end();
  if (report) {
    report->finish(evaluation, inputs.images, inputs.outside ? &*inputs.outside : nullptr);
  }
  const std::string text = options.json ? evaluation_json(evaluation) : evaluation_text(evaluation);
  std::fputs(text.c_str(), stdout);
  return 0;
}

}  // namespace bnn
