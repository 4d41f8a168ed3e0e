#include "bnn/infer/metric_rows.h"

namespace bnn {
namespace {

MetricRow row_of(const Evaluation& evaluation, std::size_t i) {
  const NamedMetric& metric = kNamedMetrics[i];
  MetricRow row{metric.name, metric.title,
                metric.note, metric.meaning,
                false,       evaluation.metrics.*metric.value,
                {},          {}};
  if (evaluation.intervals) row.interval = evaluation.intervals->metrics[i];
  if (evaluation.mean_weights) row.mean_weights = (*evaluation.mean_weights).*metric.value;
  return row;
}

MetricRow part_of(const Evaluation& evaluation, std::size_t i) {
  const BrierPart& part = kBrierParts[i];
  MetricRow row{part.name,    part.name, part.note,
                part.meaning, true,      evaluation.metrics.brier_decomposition.*part.value,
                {},           {}};
  if (evaluation.intervals) row.interval = evaluation.intervals->brier_parts[i];
  if (evaluation.mean_weights) {
    row.mean_weights = evaluation.mean_weights->brier_decomposition.*part.value;
  }
  return row;
}

}  // namespace

std::vector<MetricRow> metric_rows(const Evaluation& evaluation) {
  std::vector<MetricRow> rows;
  for (std::size_t i = 0; i < kNamedMetrics.size(); ++i) {
    rows.push_back(row_of(evaluation, i));
    if (i != metric_index(&Metrics::brier)) continue;
    for (std::size_t p = 0; p < kBrierParts.size(); ++p) rows.push_back(part_of(evaluation, p));
  }
  return rows;
}

}  // namespace bnn
