#include "bnn/app/evaluation_pruning.h"

#include <algorithm>

#include "bnn/app/stop_signal.h"
#include "bnn/core/display_text.h"
#include "bnn/core/input_file.h"
#include "bnn/infer/metrics.h"
#include "bnn/infer/pruning.h"

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
  Predictor predictor(model.graph, parameters, spec, pool);
  predictor.check_often(stop_if_asked);
  const Loader loader(images.data, images.chosen, model.standardization, false, 0, 0);
  std::vector<PruningPoint> points;
  for (const double share : shares) {
    std::copy_n(model.parameters.data(), parameters.size(), parameters.data());
    const std::size_t removed = order.count(share);
    order.prune(removed, parameters);
    MetricsCollector collector(model.graph.classes());
    predictor.predict(images.data, loader, images.chosen, [&](const PredictedBlock& block) {
      collector.add(block.summaries(pool), block.examples, images.data.labels);
    });
    const Metrics metrics = collector.finish();
    const double kept = static_cast<double>(order.size() - removed);
    points.push_back(
        {kept / static_cast<double>(order.size()), metrics.accuracy, metrics.nll, metrics.ece});
  }
  return points;
}

Json pruning_json(const std::vector<PruningPoint>& points) {
  Json list = Json::array();
  for (const PruningPoint& point : points) {
    list.push_back({{"kept", point.kept},
                    {"accuracy", point.accuracy},
                    {"nll", point.nll},
                    {"ece", point.ece}});
  }
  return list;
}

std::string pruning_table(const std::vector<PruningPoint>& points) {
  std::string text =
      "\nPruning: random weights of the lowest |mean| / scale set to 0\n"
      "  kept       accuracy     nll      ece\n";
  for (const PruningPoint& point : points) {
    text += "  " + fixed(point.kept, 4) + right_aligned(fixed(point.accuracy, 4), 13);
    text += right_aligned(fixed(point.nll, 4), 8) + right_aligned(fixed(point.ece, 4), 9) + "\n";
  }
  return text;
}

}  // namespace bnn
