#pragma once
// The training curves of a run, from the metrics.jsonl of its folder.

#include <cstddef>
#include <string>
#include <vector>

#include "bnn/report/svg_chart.h"

namespace bnn {

/// One list of points per curve, x being the epoch. Nats are per example.
struct TrainingHistory {
  std::vector<ChartPoint> nll, loss, kl, accuracy;  // of the training examples; kl is KL / N
  std::vector<ChartPoint> validation_nll, validation_accuracy;
  bool unreadable = false;        // there is a file, but no curve could be read from it
  std::size_t damaged_lines = 0;  // lines that are no JSON object with an epoch and an event

  bool has_curves() const { return !nll.empty() || !validation_nll.empty(); }
};

/// Reads the file line by line. A number that is missing in a line is left out, and so is a last
/// line without a line feed, which may be half written. Throws Error(io) if the file cannot be
/// read, and never because of its content.
TrainingHistory read_training_history(const std::string& metrics_file);

}  // namespace bnn
