#include "bnn/app/display_text.h"
#include "bnn/app/evaluation_output.h"
#include "bnn/core/json_reader.h"

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
  return {{"auroc", detection.auroc}, {"aupr", detection.aupr}, {"fpr95", detection.fpr95}};
}

}  // namespace

std::string evaluation_json(const Evaluation& evaluation) {
  const Metrics& metrics = evaluation.metrics;
  Json result;
  result["examples"] = metrics.examples;
  result["samples"] = evaluation.samples;
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
  if (evaluation.ood) {
    result["ood"] = {{"predictive_entropy", detection_json(evaluation.ood->predictive_entropy)},
                     {"mutual_information", detection_json(evaluation.ood->mutual_information)},
                     {"max_probability", detection_json(evaluation.ood->max_probability)}};
  }
  return json_line(result);
}

}  // namespace bnn
