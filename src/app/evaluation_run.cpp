#include "bnn/app/evaluation_run.h"

#include <cstdio>

#include "bnn/app/evaluation_images.h"
#include "bnn/app/evaluation_output.h"
#include "bnn/app/model_checkpoint.h"
#include "bnn/app/npy.h"
#include "bnn/app/stop_signal.h"
#include "bnn/infer/metrics.h"
#include "bnn/infer/ood.h"
#include "bnn/infer/predictor.h"
#include "bnn/math/blas.h"

namespace bnn {
namespace {

// Every Monte Carlo sample of every image goes by once, to the metrics and to the file.
template <typename Visit>
void summarize_images(Predictor& predictor, const ModelCheckpoint& model,
                      const EvaluationImages& images, NpyWriter* samples, const Visit& visit) {
  const Loader loader(images.data, images.chosen, model.standardization, false, 0, 0);
  predictor.predict(images.data, loader, images.chosen, [&](const PredictedBlock& block) {
    stop_if_asked();
    if (samples != nullptr) {
      samples->write_block(block.first, block.examples.size(), block.probabilities);
    }
    for (std::size_t i = 0; i < block.examples.size(); ++i) {
      visit(block.summary(i), block.examples[i]);
    }
  });
}

}  // namespace

int run_evaluation(const EvalOptions& options) {
  const ModelCheckpoint model = load_model(options.checkpoint);
  prepare_blas(options.threads);
  const EvaluationImages images = load_images(options, model);
  std::optional<EvaluationImages> outside;
  if (!options.ood.empty()) outside = load_outside(options, model);

  const PredictionSpec spec = prediction_spec(options.sampling, model.config);
  ThreadPool pool(options.threads);
  Predictor predictor(model.graph, model.parameters, spec, pool);
  std::optional<NpyWriter> samples;
  if (!options.save_samples.empty()) {
    samples.emplace(options.save_samples, static_cast<std::size_t>(spec.passes()),
                    images.chosen.size(), static_cast<std::size_t>(model.graph.classes()));
  }

  MetricsCollector collector(model.graph.classes());
  OodScores inside_scores, outside_scores;
  summarize_images(predictor, model, images, samples ? &*samples : nullptr,
                   [&](const Summary& summary, std::uint32_t example) {
                     collector.add(summary, images.data.labels[example]);
                     if (outside) inside_scores.add(summary);
                   });
  if (samples) samples->finish();
  Evaluation evaluation{
      collector.finish(), static_cast<std::size_t>(spec.passes()), model.class_names, {}};
  if (outside) {
    summarize_images(predictor, model, *outside, nullptr,
                     [&](const Summary& summary, std::uint32_t) { outside_scores.add(summary); });
    evaluation.ood = ood_metrics(inside_scores, outside_scores);
  }
  const std::string text = options.json ? evaluation_json(evaluation) : evaluation_text(evaluation);
  std::fputs(text.c_str(), stdout);
  return 0;
}

}  // namespace bnn
