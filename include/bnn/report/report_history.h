#pragma once
// How a run came to be: the curves in the metrics.jsonl of its folder.

#include <string>
#include <vector>

#include "bnn/report/svg_chart.h"

namespace bnn {

/// One list of points a curve, x being the epoch. Nats are per example.
struct TrainingHistory {
  std::vector<ChartPoint> nll, loss, kl, accuracy;  // of the training examples; kl is KL / N
  std::vector<ChartPoint> validation_nll, validation_accuracy;

  bool empty() const { return nll.empty() && validation_nll.empty(); }
};

/// Reads the file line by line. A line that is damaged, or a number that is missing in it, is left
/// out; a file that cannot be read gives an empty history. Never throws because of the content.
TrainingHistory read_training_history(const std::string& metrics_file);

}  // namespace bnn
