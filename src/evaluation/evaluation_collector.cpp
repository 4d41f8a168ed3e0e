#include "bnn/evaluation/evaluation_collector.h"

#include <utility>

#include "bnn/infer/undefined.h"

namespace bnn {
namespace {

void add_all(std::span<const Summary> summaries, std::span<const int> labels,
             MetricsCollector& collector) {
  for (std::size_t i = 0; i < summaries.size(); ++i) collector.add(summaries[i], labels[i]);
}

}  // namespace

EvaluationCollector::EvaluationCollector(const EvaluationPlan& plan, ThreadPool& pool,
                                         VisitSummary visit)
    : plan_(plan),
      pool_(pool),
      visit_(std::move(visit)),
      ended_(plan.streams.size()),
      corrupted_(plan.streams.size()),
      auroc_(plan.streams.size()) {
  for (const EvaluationStream& stream : plan.streams) {
    const bool keeps_probabilities =
        stream.kind == StreamKind::samples || stream.kind == StreamKind::mean_weights;
    collectors_.emplace_back(std::in_place, plan.classes,
                             keeps_probabilities ? kMaxBootstrapProbabilities : 0);
  }
  for (std::size_t s = plan.members; s < plan.samples; s *= 2) {
    sweep_samples_.push_back(s);
    sweep_.emplace_back(plan.classes);
  }
  if (plan.conformal) sets_.emplace(*plan.conformal, plan.classes);
}

void EvaluationCollector::add(std::size_t stream, const PredictedBlock& block,
                              std::span<const int> labels) {
  const StreamKind kind = plan_.streams[stream].kind;
  const std::vector<Summary> summaries = summaries_of(block, pool_);
  if (kind == StreamKind::outside) {
    for (const Summary& summary : summaries) outside_.add(summary);
  } else {
    add_all(summaries, labels, *collectors_[stream]);
  }
  if (kind == StreamKind::corrupted && plan_.scores > 0) {
    for (const Summary& summary : summaries) corrupted_[stream].add(summary);
  }
  if (kind == StreamKind::samples) add_samples(block, summaries, labels);
  const bool visited = kind == StreamKind::samples || kind == StreamKind::outside;
  if (!visit_ || !visited) return;
  for (std::size_t i = 0; i < summaries.size(); ++i) visit_(kind, summaries[i], block.examples[i]);
}

void EvaluationCollector::add_samples(const PredictedBlock& block,
                                      std::span<const Summary> summaries,
                                      std::span<const int> labels) {
  for (std::size_t i = 0; i < summaries.size(); ++i) {
    inside_.add(summaries[i]);
    if (sets_) sets_->add(summaries[i].probabilities, labels[i]);
  }
  for (std::size_t p = 0; p < sweep_.size(); ++p) {
    add_all(summaries_of(block, pool_, sweep_samples_[p]), labels, sweep_[p]);
  }
}

void EvaluationCollector::end(std::size_t stream) {
  if (plan_.streams[stream].kind == StreamKind::samples) return;  // the bootstrap needs them
  ended_[stream] = collectors_[stream]->finish();
  collectors_[stream].reset();
  if (plan_.streams[stream].kind != StreamKind::corrupted || plan_.scores == 0) return;
  const OodMetrics found = ood_metrics(inside_, std::exchange(corrupted_[stream], {}));
  for (const NamedOodScore& score : kOodScores) {
    const std::optional<Detection>& one = found.*score.detection;
    auroc_[stream].push_back(one ? one->auroc : kUndefined);
  }
}

Evaluation EvaluationCollector::finish(std::size_t resamples, const std::function<void()>& check) {
  const MetricsCollector& samples = *collectors_.front();
  Evaluation evaluation;
  evaluation.metrics = samples.finish();
  evaluation.samples = plan_.samples;
  evaluation.members = plan_.members;
  evaluation.class_names = plan_.class_names;
  evaluation.single_pass = plan_.single_pass;
  evaluation.temperature = plan_.temperature;
  for (std::size_t p = 0; p < sweep_.size(); ++p) {
    evaluation.sweep.push_back({sweep_samples_[p], sweep_[p].finish()});
  }
  // A single sample is all there is to see.
  if (!sweep_.empty()) evaluation.sweep.push_back({plan_.samples, evaluation.metrics});
  if (sets_) evaluation.conformal = sets_->finish();
  for (std::size_t i = 1; i < plan_.streams.size(); ++i) {
    const EvaluationStream& stream = plan_.streams[i];
    switch (stream.kind) {
      case StreamKind::samples:
        break;
      case StreamKind::outside:
        evaluation.ood = ood_metrics(inside_, outside_);
        break;
      case StreamKind::mean_weights:
        evaluation.mean_weights = ended_[i];
        break;
      case StreamKind::corrupted:
        evaluation.corruptions.push_back(
            {stream.corruption, stream.severity, ended_[i], auroc_[i]});
        break;
      case StreamKind::pruned:
        evaluation.pruning.push_back({stream.kept, ended_[i]});
        break;
    }
  }
  if (resamples > 0) {
    evaluation.intervals =
        bootstrap_intervals(samples, {resamples, plan_.bootstrap_seed}, pool_, check);
  }
  return evaluation;
}

}  // namespace bnn
