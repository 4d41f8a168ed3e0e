#include <array>

#include "bnn/core/display_text.h"
#include "bnn/core/json.h"
#include "bnn/core/json_reader.h"
#include "bnn/infer/named_metrics.h"
#include "bnn/output/class_label.h"
#include "bnn/output/conformal_output.h"
#include "bnn/output/corruption_output.h"
#include "bnn/output/evaluation_output.h"
#include "bnn/output/metric_values_output.h"
#include "bnn/output/pruning_output.h"

namespace bnn {
namespace {

// The metrics that stand before the lists, in the order that programs have always found them in.
// All others follow the lists.
constexpr std::array kFirstMetrics = {named_metric(&Metrics::accuracy),
                                      named_metric(&Metrics::nll),
                                      named_metric(&Metrics::brier),
                                      named_metric(&Metrics::ece),
                                      named_metric(&Metrics::adaptive_ece),
                                      named_metric(&Metrics::mce),
                                      named_metric(&Metrics::predictive_entropy),
                                      named_metric(&Metrics::expected_entropy),
                                      named_metric(&Metrics::mutual_information),
                                      named_metric(&Metrics::aurc)};

Json number_or_null(const std::optional<double>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json classes_json(const Metrics& metrics, const std::vector<std::string>& class_names) {
  Json list = Json::array();
  for (const ClassMetrics& one : metrics.per_class) {
    list.push_back({{"class", class_label(class_names, one.label)},
                    {"examples", one.examples},
                    {"accuracy", one.accuracy},
                    {"precision", number_or_null(one.precision)},
                    {"recall", number_or_null(one.recall)},
                    {"auroc", number_or_null(one.auroc)},
                    {"mean_probability", one.fit.mean_probability},
                    {"calibration_error", one.fit.calibration_error}});
  }
  return list;
}

Json bins_json(const std::vector<CalibrationBin>& bins) {
  Json list = Json::array();
  for (const CalibrationBin& bin : bins) {
    const bool empty = bin.count == 0;
    list.push_back({{"lower", bin.lower},
                    {"upper", bin.upper},
                    {"count", bin.count},
                    {"confidence", empty ? Json(nullptr) : Json(bin.confidence)},
                    {"accuracy", empty ? Json(nullptr) : Json(bin.accuracy)}});
  }
  return list;
}

Json detection_json(const Detection& detection) {
  return {{"auroc", detection.auroc},
          {"aupr", detection.aupr},
          {"fpr95", detection.fpr95},
          {"aupr_in", detection.aupr_in}};
}

Json ood_json(const OodMetrics& ood) {
  Json result = {{"examples", ood.examples}, {"positive_class", "out_of_distribution"}};
  for (const NamedOodScore& score : kOodScores) {
    if (const auto& found = ood.*score.detection) result[score.name] = detection_json(*found);
  }
  return result;
}

Json brier_json(const BrierDecomposition& parts) {
  Json result;
  for (const BrierPart& part : kBrierParts) result[part.name] = parts.*part.value;
  return result;
}

Json risks_json(const std::vector<RiskPoint>& points) {
  Json list = Json::array();
  for (const RiskPoint& point : points) {
    list.push_back({{"coverage", point.coverage}, {"risk", point.risk}});
  }
  return list;
}

// Null where no resample defines the number.
Json bounds_json(const Bounds& bounds) {
  return bounds.defined() ? Json::array({bounds.lower, bounds.upper}) : Json(nullptr);
}

Json risk_intervals_json(const IntervalSet& intervals) {
  Json list = Json::array();
  for (std::size_t i = 0; i < intervals.risks.size(); ++i) {
    list.push_back({{"coverage", static_cast<double>(kCoveragePercents[i]) / 100},
                    {"risk", bounds_json(intervals.risks[i])}});
  }
  return list;
}

Json class_intervals_json(const IntervalSet& intervals,
                          const std::vector<std::string>& class_names) {
  Json list = Json::array();
  for (std::size_t k = 0; k < intervals.per_class.size(); ++k) {
    const ClassBounds& one = intervals.per_class[k];
    list.push_back({{"class", class_label(class_names, static_cast<int>(k))},
                    {"accuracy", bounds_json(one.accuracy)},
                    {"precision", bounds_json(one.precision)},
                    {"recall", bounds_json(one.recall)},
                    {"auroc", bounds_json(one.auroc)}});
  }
  return list;
}

Json intervals_json(const IntervalSet& intervals, const std::vector<std::string>& class_names) {
  Json result;
  for (std::size_t i = 0; i < kNamedMetrics.size(); ++i) {
    result[kNamedMetrics[i].name] = bounds_json(intervals.metrics[i]);
  }
  for (std::size_t i = 0; i < kBrierParts.size(); ++i) {
    result["brier_decomposition"][kBrierParts[i].name] = bounds_json(intervals.brier_parts[i]);
  }
  result["risk_at_coverage"] = risk_intervals_json(intervals);
  result["per_class"] = class_intervals_json(intervals, class_names);
  return result;
}

Json values_json(const MetricValues& metrics) {
  Json result;
  for (const NamedMetric& metric : kNamedMetrics) result[metric.name] = metrics.*metric.value;
  result["brier_decomposition"] = brier_json(metrics.brier_decomposition);
  return result;
}

Json sweep_json(const std::vector<SweepPoint>& sweep) {
  Json list = Json::array();
  for (const SweepPoint& point : sweep) {
    Json one;
    one["samples"] = point.samples;
    add_values(one, kSweepMetrics, point.metrics);
    list.push_back(std::move(one));
  }
  return list;
}

}  // namespace

std::string evaluation_json(const Evaluation& evaluation) {
  const Metrics& metrics = evaluation.metrics;
  Json result;
  result["examples"] = metrics.examples;
  result["samples"] = evaluation.samples;
  if (evaluation.members > 1) result["members"] = evaluation.members;
  add_values(result, kFirstMetrics, metrics);
  result["per_class"] = classes_json(metrics, evaluation.class_names);
  result["confusion_matrix"] =
      metrics.confusion_matrix.empty() ? Json(nullptr) : Json(metrics.confusion_matrix);
  result["calibration"] = bins_json(metrics.calibration);
  for (const NamedMetric& metric : kNamedMetrics) {
    if (!result.contains(metric.name)) result[metric.name] = metrics.*metric.value;
  }
  result["brier_decomposition"] = brier_json(metrics.brier_decomposition);
  result["risk_at_coverage"] = risks_json(metrics.risk_at_coverage);
  result["risk_coverage"] = risks_json(metrics.risk_coverage);
  if (evaluation.intervals) {
    result["intervals"] = intervals_json(*evaluation.intervals, evaluation.class_names);
  }
  if (evaluation.mean_weights) result["mean_weights"] = values_json(*evaluation.mean_weights);
  if (!evaluation.sweep.empty()) result["samples_sweep"] = sweep_json(evaluation.sweep);
  if (evaluation.ood) result["ood"] = ood_json(*evaluation.ood);
  if (!evaluation.pruning.empty()) result["pruning"] = pruning_json(evaluation.pruning);
  if (evaluation.temperature) result["temperature"] = *evaluation.temperature;
  if (evaluation.conformal) result["conformal"] = conformal_json(*evaluation.conformal);
  if (!evaluation.corruptions.empty()) {
    result["corruptions"] = corruption_list_json(evaluation.corruptions);
    result["corruption_means"] = corruption_list_json(severity_means(evaluation.corruptions));
  }
  return json_line(result);
}

}  // namespace bnn
