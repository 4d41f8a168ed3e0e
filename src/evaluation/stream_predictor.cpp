#include "bnn/evaluation/stream_predictor.h"

#include <algorithm>
#include <utility>

#include "bnn/checkpoint/ensemble.h"

namespace bnn {
namespace {

SinglePass single_pass(const EvalOptions& options, const std::vector<ModelCheckpoint>& models) {
  const auto has_noise = [](const ModelCheckpoint& model) { return model.graph.has_noise(); };
  if (std::none_of(models.begin(), models.end(), has_noise)) return SinglePass::no_noise;
  return options.sampling.mean_weights ? SinglePass::mean_weights : SinglePass::no;
}

// Of images of another kind, where there are any to be found.
std::vector<OutlierScorer> outlier_scorers(const EvaluationInputs& inputs, std::size_t networks) {
  std::vector<OutlierScorer> scorers;
  for (std::size_t i = 0; inputs.outside && i < networks; ++i) {
    scorers.emplace_back(inputs.gaussians.empty() ? nullptr : &inputs.gaussians[i]);
  }
  return scorers;
}

std::vector<EnsembleMember> scored_members(const EvalOptions& options,
                                           const std::vector<ModelCheckpoint>& models,
                                           const EvaluationInputs& inputs,
                                           const std::vector<OutlierScorer>& scorers) {
  std::vector<EnsembleMember> members =
      ensemble_members(models, options.sampling, inputs.calibration.temperature);
  for (std::size_t i = 0; i < scorers.size(); ++i) members[i].scorer = &scorers[i];
  return members;
}

}  // namespace

StreamPredictor::StreamPredictor(const EvalOptions& options,
                                 const std::vector<ModelCheckpoint>& models,
                                 const EvaluationInputs& inputs, ThreadPool& pool,
                                 std::function<void()> check)
    : options_(options),
      models_(models),
      inputs_(inputs),
      pool_(pool),
      check_(std::move(check)),
      scorers_(outlier_scorers(inputs, models.size())),
      predictor_(*models.front().likelihood, scored_members(options, models, inputs, scorers_),
                 pool) {
  predictor_.check_often(check_);
  if (!options.prune.empty()) {
    pruning_.emplace(models.front().graph.layout(), models.front().parameters);
  }
  make_plan();
}

void StreamPredictor::make_plan() {
  const ModelCheckpoint& model = models_.front();
  plan_.classes = model.graph.outputs();
  plan_.class_names = model.class_names;
  plan_.samples = predictor_.passes();
  plan_.members = models_.size();
  plan_.single_pass = single_pass(options_, models_);
  if (options_.calibration.temperature) plan_.temperature = inputs_.calibration.temperature;
  plan_.conformal = inputs_.calibration.conformal;
  // The run's own seed, because --seed is for the Monte Carlo samples alone.
  plan_.bootstrap_seed = model.config.training.seed;
  if (!scorers_.empty()) plan_.scores = scorers_.front().size();

  plan_.streams.push_back({.kind = StreamKind::samples});
  if (inputs_.outside) plan_.streams.push_back({.kind = StreamKind::outside});
  if (plan_.single_pass == SinglePass::no) {
    plan_.streams.push_back({.kind = StreamKind::mean_weights});
  }
  for (const Corruption* corruption : inputs_.corruptions) {
    for (int severity = 1; severity <= kSeverities; ++severity) {
      plan_.streams.push_back({.kind = StreamKind::corrupted,
                               .corruption = std::string(corruption->name),
                               .severity = severity});
    }
  }
  for (const double share : options_.prune) {
    const auto size = static_cast<double>(pruning_->size());
    const double kept = (size - static_cast<double>(pruning_->count(share))) / size;
    plan_.streams.push_back({.kind = StreamKind::pruned, .removed = share, .kept = kept});
  }
}

double StreamPredictor::checks() const {
  std::size_t passes = 0;  // over all images of all streams
  for (const EvaluationStream& stream : plan_.streams) {
    const bool once = stream.kind == StreamKind::mean_weights;
    const EvaluationImages& images =
        stream.kind == StreamKind::outside ? *inputs_.outside : inputs_.images;
    passes += images.chosen.size() * (once ? plan_.members : plan_.samples);
  }
  return static_cast<double>(passes) / static_cast<double>(kPredictionGroup);
}

void StreamPredictor::run(std::size_t stream, const VisitBlock& visit) {
  const EvaluationImages& images = inputs_.images;
  switch (const EvaluationStream& pass = plan_.streams[stream]; pass.kind) {
    case StreamKind::samples:
      return predict(predictor_, images.data, images, visit);
    case StreamKind::outside:
      return predict(predictor_, inputs_.outside->data, *inputs_.outside, visit);
    case StreamKind::mean_weights:
      return run_mean_weights(visit);
    case StreamKind::corrupted:
      return run_corrupted(pass, visit);
    case StreamKind::pruned:
      return run_pruned(pass, visit);
  }
}

// @param shown the images themselves, or a corrupted copy of them
void StreamPredictor::predict(EnsemblePredictor& predictor, const Dataset& shown,
                              const EvaluationImages& images, const VisitBlock& visit) {
  std::vector<int> labels;
  predictor.predict(shown, images.chosen, [&](const PredictedBlock& block) {
    labels.assign(block.examples.size(), 0);
    for (std::size_t i = 0; images.data.has_labels() && i < labels.size(); ++i) {
      labels[i] = images.data.labels()[block.examples[i]];
    }
    visit(block, labels);
  });
}

void StreamPredictor::run_corrupted(const EvaluationStream& stream, const VisitBlock& visit) {
  const EvaluationImages& images = inputs_.images;
  if (!corrupted_) corrupted_ = images.data;
  const std::uint64_t seed = prediction_spec(options_.sampling, models_.front()).seed;
  corrupt_images(find_corruption(stream.corruption), stream.severity, seed, images.data,
                 images.chosen, pool_, *corrupted_);
  predict(predictor_, *corrupted_, images, visit);
}

void StreamPredictor::run_mean_weights(const VisitBlock& visit) {
  SampleOptions mean_weights = options_.sampling;
  mean_weights.mean_weights = true;
  EnsemblePredictor predictor(
      *models_.front().likelihood,
      ensemble_members(models_, mean_weights, inputs_.calibration.temperature), pool_);
  predictor.check_often(check_);
  predict(predictor, inputs_.images.data, inputs_.images, visit);
}

void StreamPredictor::run_pruned(const EvaluationStream& stream, const VisitBlock& visit) {
  const ModelCheckpoint& model = models_.front();
  AlignedArray parameters(model.parameters.size());
  std::copy_n(model.parameters.data(), parameters.size(), parameters.data());
  pruning_->prune(pruning_->count(stream.removed), parameters);
  PredictionSpec spec = prediction_spec(options_.sampling, model);
  spec.temperature = inputs_.calibration.temperature;
  EnsemblePredictor predictor(*model.likelihood,
                              {{model.graph, parameters, model.standardization, spec}}, pool_);
  predictor.check_often(check_);
  predict(predictor, inputs_.images.data, inputs_.images, visit);
}

}  // namespace bnn
