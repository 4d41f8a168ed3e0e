#include "bnn/evaluation/evaluation_pruning.h"

#include <algorithm>

#include "bnn/core/input_file.h"
#include "bnn/infer/class_summaries.h"
#include "bnn/infer/metrics.h"
#include "bnn/infer/pruning.h"
#include "bnn/process/stop_signal.h"

namespace bnn {

void require_prunable(const std::string& checkpoint, const ModelCheckpoint& model) {
  if (!model.graph.layout().random_tensors().empty()) return;
  throw Error(ErrorKind::usage,
              shown_path(checkpoint) +
                  ": --prune ranks weights by mean and scale of their posterior, and no weight of "
                  "this network has a scale");
}

std::vector<PruningPoint> evaluate_pruning(const ModelCheckpoint& model,
                                           const EvaluationImages& images,
                                           const PredictionSpec& spec,
                                           const std::vector<double>& shares, ThreadPool& pool) {
  const PruningOrder order(model.graph.layout(), model.parameters);
  AlignedArray parameters(model.parameters.size());
  Predictor predictor(model.graph, *model.likelihood, parameters, spec, pool);
  predictor.check_often(stop_if_asked);
  const Standardizer standardizer(model.standardization);
  std::vector<PruningPoint> points;
  for (const double share : shares) {
    std::copy_n(model.parameters.data(), parameters.size(), parameters.data());
    const std::size_t removed = order.count(share);
    order.prune(removed, parameters);
    MetricsCollector collector(model.graph.outputs());
    predictor.predict(images.data, standardizer, images.chosen, [&](const PredictedBlock& block) {
      collector.add(summaries_of(block, pool), block.examples, images.data.labels());
    });
    const double kept = static_cast<double>(order.size() - removed);
    points.push_back({kept / static_cast<double>(order.size()), collector.finish()});
  }
  return points;
}

}  // namespace bnn
