#pragma once
// The table of an evaluation's metrics as rows, for every output that shows it: the numbers of
// kNamedMetrics, the parts of the Brier score below it. Thread-safe: no state.

#include <optional>
#include <vector>

#include "bnn/infer/evaluation.h"

namespace bnn {

struct MetricRow {
  const char *name, *title, *note, *meaning;  // as in NamedMetric; a part's title is its name
  bool is_part;                               // of the row before
  double value;
  std::optional<Bounds> interval;      // if intervals were measured
  std::optional<double> mean_weights;  // if they were measured
};

std::vector<MetricRow> metric_rows(const Evaluation& evaluation);

}  // namespace bnn
