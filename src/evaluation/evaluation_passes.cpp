#include "bnn/evaluation/evaluation_passes.h"

#include <memory>

#include "bnn/checkpoint/ensemble.h"
#include "bnn/files/npy.h"
#include "bnn/infer/class_summaries.h"
#include "bnn/process/stop_signal.h"

namespace bnn {
namespace {

std::size_t classes_of(const EvaluationSetup& setup) {
  return static_cast<std::size_t>(setup.models.front().graph.outputs());
}

// Null without --save-samples.
std::unique_ptr<NpyWriter> sample_writer(const EvaluationSetup& setup,
                                         const EnsemblePredictor& predictor,
                                         const EvaluationImages& images) {
  if (setup.options.save_samples.empty()) return nullptr;
  return std::make_unique<NpyWriter>(setup.options.save_samples, predictor.passes(),
                                     images.chosen.size(), classes_of(setup));
}

// The metrics of the first 1, 2, 4, … samples of each network, and of all of them.
class SampleSweep {
 public:
  SampleSweep(std::size_t samples, std::size_t members, int classes) : samples_(samples) {
    for (std::size_t s = members; s < samples; s *= 2) {
      prefixes_.push_back(s);
      collectors_.emplace_back(classes);
    }
  }

  void add(const PredictedBlock& block, const EvaluationImages& images, ThreadPool& pool) {
    for (std::size_t p = 0; p < prefixes_.size(); ++p) {
      collectors_[p].add(summaries_of(block, pool, prefixes_[p]), block.examples,
                         images.data.labels());
    }
  }
  /// Empty for one sample, which is all there is to see.
  std::vector<SweepPoint> finish(const Metrics& of_all) const {
    std::vector<SweepPoint> points;
    for (std::size_t p = 0; p < prefixes_.size(); ++p) {
      points.push_back({prefixes_[p], collectors_[p].finish()});
    }
    if (!points.empty()) points.push_back({samples_, of_all});
    return points;
  }

 private:
  std::size_t samples_;
  std::vector<std::size_t> prefixes_;
  std::vector<MetricsCollector> collectors_;
};

}  // namespace

OodScores evaluate_samples(const EvaluationSetup& setup, EnsemblePredictor& predictor,
                           const EvaluationImages& images, const VisitExample& visit,
                           Evaluation& evaluation) {
  const int resamples = setup.options.bootstrap;
  const int classes = setup.models.front().graph.outputs();
  const std::unique_ptr<NpyWriter> writer = sample_writer(setup, predictor, images);
  MetricsCollector collector(classes, kMaxBootstrapProbabilities);
  SampleSweep sweep(evaluation.samples, evaluation.members, classes);
  OodScores scores;
  predictor.predict(images.data, images.chosen, [&](const PredictedBlock& block) {
    if (writer) writer->write_block(block.first, block.examples.size(), block.predictions);
    const std::vector<Summary> list = summaries_of(block, setup.pool);
    collector.add(list, block.examples, images.data.labels());
    for (std::size_t i = 0; i < list.size(); ++i) {
      scores.add(list[i]);
      visit(list[i], block.examples[i]);
    }
    sweep.add(block, images, setup.pool);
  });
  if (writer) writer->finish();
  evaluation.metrics = collector.finish();
  evaluation.sweep = sweep.finish(evaluation.metrics);
  if (resamples > 0) {
    // The run's own seed, because --seed is for the Monte Carlo samples alone.
    const BootstrapSpec spec{static_cast<std::size_t>(resamples),
                             setup.models.front().config.training.seed};
    evaluation.intervals = bootstrap_intervals(collector, spec, setup.pool, stop_if_asked);
  }
  return scores;
}

Metrics evaluate_mean_weights(const EvaluationSetup& setup, const EvaluationImages& images,
                              double temperature) {
  SampleOptions mean_weights;
  mean_weights.mean_weights = true;
  EnsemblePredictor predictor(*setup.models.front().likelihood,
                              ensemble_members(setup.models, mean_weights, temperature),
                              setup.pool);
  predictor.check_often(stop_if_asked);
  MetricsCollector collector(setup.models.front().graph.outputs(), kMaxBootstrapProbabilities);
  predictor.predict(images.data, images.chosen, [&](const PredictedBlock& block) {
    collector.add(summaries_of(block, setup.pool), block.examples, images.data.labels());
  });
  return collector.finish();
}

OodScores score_images(const EvaluationSetup& setup, EnsemblePredictor& predictor,
                       const EvaluationImages& images, const VisitExample& visit) {
  OodScores scores;
  predictor.predict(images.data, images.chosen, [&](const PredictedBlock& block) {
    const std::vector<Summary> list = summaries_of(block, setup.pool);
    for (std::size_t i = 0; i < list.size(); ++i) {
      scores.add(list[i]);
      visit(list[i], block.examples[i]);
    }
  });
  return scores;
}

}  // namespace bnn
