#include <cmath>

#include "bnn/core/display_text.h"
#include "bnn/core/json_reader.h"
#include "bnn/infer/named_metrics.h"
#include "bnn/output/conformal_output.h"
#include "bnn/output/corruption_output.h"
#include "bnn/output/evaluation_output.h"
#include "bnn/output/pruning_output.h"

namespace bnn {
namespace {

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
                    {"recall", number_or_null(one.recall)}});
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
  return {{"examples", ood.examples},
          {"positive_class", "out_of_distribution"},
          {"predictive_entropy", detection_json(ood.predictive_entropy)},
          {"expected_entropy", detection_json(ood.expected_entropy)},
          {"mutual_information", detection_json(ood.mutual_information)},
          {"max_probability", detection_json(ood.max_probability)}};
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
Json bounds_json(double lower, double upper) {
  return std::isnan(lower) ? Json(nullptr) : Json::array({lower, upper});
}

Json bounds_json(const std::optional<double>& lower, const std::optional<double>& upper) {
  return lower ? bounds_json(*lower, *upper) : Json(nullptr);
}

Json risk_intervals_json(const MetricIntervals& intervals) {
  Json list = Json::array();
  for (std::size_t i = 0; i < intervals.lower.risk_at_coverage.size(); ++i) {
    const RiskPoint& lower = intervals.lower.risk_at_coverage[i];
    const RiskPoint& upper = intervals.upper.risk_at_coverage[i];
    list.push_back({{"coverage", lower.coverage}, {"risk", bounds_json(lower.risk, upper.risk)}});
  }
  return list;
}

Json class_intervals_json(const MetricIntervals& intervals,
                          const std::vector<std::string>& class_names) {
  Json list = Json::array();
  for (std::size_t k = 0; k < intervals.lower.per_class.size(); ++k) {
    const ClassMetrics& lower = intervals.lower.per_class[k];
    const ClassMetrics& upper = intervals.upper.per_class[k];
    list.push_back({{"class", class_label(class_names, lower.label)},
                    {"accuracy", bounds_json(lower.accuracy, upper.accuracy)},
                    {"precision", bounds_json(lower.precision, upper.precision)},
                    {"recall", bounds_json(lower.recall, upper.recall)}});
  }
  return list;
}

Json intervals_json(const MetricIntervals& intervals, const std::vector<std::string>& class_names) {
  Json result;
  for (const NamedMetric& metric : kNamedMetrics) {
    result[metric.name] = bounds_json(intervals.lower.*metric.value, intervals.upper.*metric.value);
  }
  for (const BrierPart& part : kBrierParts) {
    result["brier_decomposition"][part.name] =
        bounds_json(intervals.lower.brier_decomposition.*part.value,
                    intervals.upper.brier_decomposition.*part.value);
  }
  result["risk_at_coverage"] = risk_intervals_json(intervals);
  result["per_class"] = class_intervals_json(intervals, class_names);
  return result;
}

Json scalars_json(const Metrics& metrics) {
  Json result;
  for (const NamedMetric& metric : kNamedMetrics) result[metric.name] = metrics.*metric.value;
  result["brier_decomposition"] = brier_json(metrics.brier_decomposition);
  return result;
}

Json sweep_json(const std::vector<SweepPoint>& sweep) {
  Json list = Json::array();
  for (const SweepPoint& point : sweep) {
    list.push_back({{"samples", point.samples},
                    {"accuracy", point.accuracy},
                    {"nll", point.nll},
                    {"brier", point.brier},
                    {"ece", point.ece},
                    {"mutual_information", point.mutual_information}});
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
  result["accuracy"] = metrics.accuracy;
  result["nll"] = metrics.nll;
  result["brier"] = metrics.brier;
  result["ece"] = metrics.ece;
  result["adaptive_ece"] = metrics.adaptive_ece;
  result["mce"] = metrics.mce;
  result["predictive_entropy"] = metrics.predictive_entropy;
  result["expected_entropy"] = metrics.expected_entropy;
  result["mutual_information"] = metrics.mutual_information;
  result["aurc"] = metrics.aurc;
  result["per_class"] = classes_json(metrics, evaluation.class_names);
  result["confusion_matrix"] =
      metrics.confusion_matrix.empty() ? Json(nullptr) : Json(metrics.confusion_matrix);
  result["calibration"] = bins_json(metrics.calibration);
  result["class_ece"] = metrics.class_ece;
  result["brier_decomposition"] = brier_json(metrics.brier_decomposition);
  result["risk_at_coverage"] = risks_json(metrics.risk_at_coverage);
  result["risk_coverage"] = risks_json(metrics.risk_coverage);
  if (evaluation.intervals) {
    result["intervals"] = intervals_json(*evaluation.intervals, evaluation.class_names);
  }
  if (evaluation.mean_weights) result["mean_weights"] = scalars_json(*evaluation.mean_weights);
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
