#include "bnn/evaluation/calibration_run.h"

#include <algorithm>
#include <cstdio>
#include <fmt/format.h>

#include "bnn/checkpoint/calibration_file.h"
#include "bnn/core/display_text.h"
#include "bnn/core/json.h"
#include "bnn/evaluation/evaluation_images.h"
#include "bnn/files/atomic_file.h"
#include "bnn/infer/calibration.h"
#include "bnn/infer/class_summaries.h"
#include "bnn/infer/temperature.h"
#include "bnn/math/products.h"
#include "bnn/process/stop_signal.h"

namespace bnn {
namespace {

// With fewer, the error of a fitted quantile or temperature is often as large as the error that it
// corrects.
constexpr std::size_t kFewExamples = 100;

void warn_of_few(std::size_t examples, RunLog& log) {
  if (examples >= kFewExamples) return;
  log.warning(fmt::format(
      "the run held out only {} example{}: temperature and conformal thresholds are then largely "
      "noise; train with a data.validation of at least {}",
      examples, examples == 1 ? "" : "s", kFewExamples));
}

EvaluationImages held_out_images(const EvalOptions& options, const ModelCheckpoint& model) {
  EvalOptions validation = options;
  validation.split = "validation";
  validation.files.clear();
  return load_images(validation, model);
}

LabelledProbabilities predict_all(Predictor& predictor, const ModelCheckpoint& model,
                                  const EvaluationImages& images, RunLog& log) {
  LabelledProbabilities data{.classes = model.graph.outputs()};
  const Standardizer standardizer(model.standardization);
  predictor.predict(images.data, standardizer, images.chosen, [&](const PredictedBlock& block) {
    stop_if_asked();
    for (std::size_t i = 0; i < block.examples.size(); ++i) {
      data.add(summary_of(block, i).probabilities, images.data.labels()[block.examples[i]]);
    }
    if (log.progress_is_due()) {
      log.progress(fmt::format("validation {}/{}", data.examples(), images.chosen.size()));
    }
  });
  log.clear_progress();
  return data;
}

double ece_at(const LabelledProbabilities& data, double temperature) {
  std::vector<ScoredPrediction> predictions;
  for (std::size_t i = 0; i < data.examples(); ++i) {
    // The first of several largest probabilities, which scaling leaves the largest.
    const std::span<const double> p = data.of(i);
    const auto best = static_cast<std::size_t>(std::max_element(p.begin(), p.end()) - p.begin());
    predictions.push_back(
        {scaled_probabilities(p, temperature)[best], static_cast<int>(best) == data.labels[i]});
  }
  sort_by_confidence(predictions);
  return expected_calibration_error(equal_width_bins(predictions));
}

ConformalTable scores_at(const LabelledProbabilities& data, ConformalScore score,
                         double temperature) {
  std::vector<double> scores;
  for (std::size_t i = 0; i < data.examples(); ++i) {
    const auto label = static_cast<std::size_t>(data.labels[i]);
    scores.push_back(conformal_scores(score, scaled_probabilities(data.of(i), temperature))[label]);
  }
  return ConformalTable(std::move(scores));
}

std::map<ConformalScore, ConformalTable> all_scores_at(const LabelledProbabilities& data,
                                                       double temperature) {
  std::map<ConformalScore, ConformalTable> tables;
  for (const auto& [score, name] : kConformalScoreNames) {
    tables[score] = scores_at(data, score, temperature);
  }
  return tables;
}

std::string text_of(const Calibration& calibration, const std::string& path) {
  const auto row = [](const std::string& name, double before, double after) {
    return fmt::format("  {:<12}{:>8}{:>10}\n", name, fixed(before, 4), fixed(after, 4));
  };
  return fmt::format(
             "Calibration on the {} examples that the run held out, {} samples each\n\n"
             "  {:<12}{:>8}{:>10}\n",
             calibration.examples, calibration.samples, "", "before", "after") +
         row("temperature", 1, calibration.temperature) +
         row("nll", calibration.nll_before, calibration.nll_after) +
         row("ece", calibration.ece_before, calibration.ece_after) + "\nWritten to " +
         fitted(path, path.size()) + "; use it with --temperature and --conformal\n";
}

std::string json_of(const Calibration& calibration, const std::string& path) {
  return json_line({{"file", path},
                    {"examples", calibration.examples},
                    {"samples", calibration.samples},
                    {"temperature", calibration.temperature},
                    {"nll_before", calibration.nll_before},
                    {"nll_after", calibration.nll_after},
                    {"ece_before", calibration.ece_before},
                    {"ece_after", calibration.ece_after}});
}

}  // namespace

int run_calibration_fit(const EvalOptions& options) {
  RunLog log("bnn-eval", options.verbosity);
  const ModelCheckpoint model = load_model(options.checkpoint, options.threads);
  prediction_spec(options.sampling, model).products.prepare(options.threads);
  const std::string path = calibration_path(options.checkpoint);
  probe_writable(path);
  const EvaluationImages images = held_out_images(options, model);
  warn_of_few(images.chosen.size(), log);
  const GracefulStop stops_tidily;
  const PredictionSpec spec = prediction_spec(options.sampling, model);
  log.detail("matrix products: " + spec.products.name());
  ThreadPool pool(options.threads);
  Predictor predictor(model.graph, *model.likelihood, model.parameters, spec, pool);
  predictor.check_often(stop_if_asked);
  const LabelledProbabilities data = predict_all(predictor, model, images, log);

  const TemperatureFit fit = fit_temperature(data);
  if (fit.at_bound) {
    log.warning("the temperature is at its bound of " + shortest(fit.temperature) +
                (fit.temperature < 1 ? ": every label is the most probable class, or nearly so"
                                     : ": the probabilities say next to nothing of the labels"));
  }
  const Calibration calibration{
      .checkpoint_digest = model.digest,
      .samples = spec.passes(),
      .mean_weights = spec.mean_weights,
      .seed = spec.seed,
      .examples = data.examples(),
      .classes = data.classes,
      .temperature = fit.temperature,
      .nll_before = fit.nll_before,
      .nll_after = fit.nll_after,
      .ece_before = ece_at(data, 1),
      .ece_after = ece_at(data, fit.temperature),
      .scores = all_scores_at(data, 1),
      .scaled_scores = all_scores_at(data, fit.temperature),
  };
  stop_if_asked();
  write_calibration(path, calibration);
  const std::string text = options.json ? json_of(calibration, path) : text_of(calibration, path);
  std::fputs(text.c_str(), stdout);
  return 0;
}

}  // namespace bnn
