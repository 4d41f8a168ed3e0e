#include "bnn/infer/metrics.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

#include "bnn/core/error.h"
#include "bnn/infer/class_ranks.h"
#include "bnn/infer/smooth_calibration.h"
#include "bnn/infer/undefined.h"

namespace bnn {
namespace {

double brier_score(const std::vector<double>& probabilities, std::size_t label) {
  double sum = 0;
  for (std::size_t k = 0; k < probabilities.size(); ++k) {
    const double error = probabilities[k] - (k == label ? 1.0 : 0.0);
    sum += error * error;
  }
  return sum;
}

std::optional<double> share_if_defined(std::size_t part, std::size_t whole) {
  if (whole == 0) return std::nullopt;
  return share_of(part, whole);
}

int at_least_one(int classes) {
  if (classes < 1) throw Error(ErrorKind::internal, "metrics need at least one class");
  return classes;
}

}  // namespace

MetricsCollector::MetricsCollector(int classes, std::size_t max_probabilities)
    : classes_(at_least_one(classes)),
      max_probabilities_(max_probabilities),
      class_calibration_(classes_) {}

void MetricsCollector::add(const Summary& summary, int label) {
  if (summary.probabilities.size() != static_cast<std::size_t>(classes_)) {
    throw Error(ErrorKind::internal, fmt::format("metrics of {} classes were given a summary of {}",
                                                 classes_, summary.probabilities.size()));
  }
  if (label < 0 || label >= classes_) {
    throw Error(ErrorKind::data,
                fmt::format("label of example {}: expected 0 to {}, since the network has {} "
                            "classes, found {}",
                            records_.size(), classes_ - 1, classes_, label));
  }
  const auto y = static_cast<std::size_t>(label);
  ExampleRecord record;
  record.label = label;
  record.predicted = summary.predicted;
  record.confidence = summary.confidence;
  record.nll = -std::log(std::max(summary.probabilities[y], kSmallestProbability));
  record.brier = brier_score(summary.probabilities, y);
  record.predictive_entropy = summary.predictive_entropy;
  record.expected_entropy = summary.expected_entropy;
  record.mutual_information = summary.mutual_information;
  records_.push_back(record);
  class_calibration_.add(summary.probabilities, y);
  keep_probabilities(summary.probabilities);
}

void MetricsCollector::add(std::span<const Summary> summaries,
                           std::span<const std::uint32_t> examples, std::span<const int> labels) {
  for (std::size_t i = 0; i < summaries.size(); ++i) add(summaries[i], labels[examples[i]]);
}

// Those of all examples or of none.
void MetricsCollector::keep_probabilities(const std::vector<double>& probabilities) {
  if (probabilities.size() > max_probabilities_ ||
      records_.size() > max_probabilities_ / probabilities.size()) {
    std::vector<float>().swap(probabilities_);
    return;
  }
  for (const double p : probabilities) probabilities_.push_back(static_cast<float>(p));
}

Metrics MetricsCollector::finish() const {
  Metrics metrics;
  metrics.examples = records_.size();
  metrics.nll = mean(&ExampleRecord::nll);
  metrics.brier = mean(&ExampleRecord::brier);
  metrics.predictive_entropy = mean(&ExampleRecord::predictive_entropy);
  metrics.expected_entropy = mean(&ExampleRecord::expected_entropy);
  metrics.mutual_information = mean(&ExampleRecord::mutual_information);
  add_calibration(metrics);
  add_classes(metrics);
  add_class_ranks(metrics);
  return metrics;
}

double MetricsCollector::mean(double ExampleRecord::*value) const {
  std::vector<double> values;
  values.reserve(records_.size());
  for (const ExampleRecord& record : records_) values.push_back(record.*value);
  std::sort(values.begin(), values.end());
  double sum = 0;
  for (const double v : values) sum += v;
  return sum / static_cast<double>(values.size());  // 0 / 0 is the NaN of no examples.
}

void MetricsCollector::add_calibration(Metrics& metrics) const {
  std::vector<ScoredPrediction> predictions;
  predictions.reserve(records_.size());
  for (const ExampleRecord& record : records_) {
    predictions.push_back({record.confidence, record.correct()});
  }
  sort_by_confidence(predictions);
  metrics.calibration = equal_width_bins(predictions);
  metrics.ece = expected_calibration_error(metrics.calibration);
  metrics.mce = maximum_calibration_error(metrics.calibration);
  metrics.adaptive_ece = expected_calibration_error(equal_count_bins(predictions));
  metrics.aurc = area_under_risk_coverage(predictions);
  metrics.risk_at_coverage = risk_at_coverages(predictions);
  metrics.augrc = area_under_generalized_risk(predictions);
  metrics.coverage_at_5_risk = coverage_at_risk(predictions);
  for (const RiskPoint& point : metrics.risk_at_coverage) {
    if (point.coverage == 0.8) metrics.risk_at_80_coverage = point.risk;
  }
  ResidualGrid residuals;
  for (const ScoredPrediction& one : predictions) {
    residuals.add(one.confidence, (one.correct ? 1 : 0) - one.confidence);
  }
  metrics.smooth_ece = residuals.smooth_calibration_error(static_cast<double>(predictions.size()));
  metrics.risk_coverage = risk_coverage_curve(predictions);
  metrics.class_ece = class_calibration_.class_ece();
  metrics.brier_decomposition = class_calibration_.decompose(metrics.brier);
}

void MetricsCollector::add_classes(Metrics& metrics) const {
  const auto classes = static_cast<std::size_t>(classes_);
  std::vector<std::size_t> labelled(classes, 0), predicted(classes, 0), found(classes, 0);
  if (classes_ <= kMaxConfusionClasses) {
    metrics.confusion_matrix.assign(classes, std::vector<std::size_t>(classes, 0));
  }
  std::size_t correct = 0;
  for (const ExampleRecord& record : records_) {
    const auto y = static_cast<std::size_t>(record.label);
    const auto k = static_cast<std::size_t>(record.predicted);
    ++labelled[y];
    ++predicted[k];
    if (y == k) {
      ++found[y];
      ++correct;
    }
    if (!metrics.confusion_matrix.empty()) ++metrics.confusion_matrix[y][k];
  }
  metrics.accuracy = share_of(correct, records_.size());
  MeanOfDefined recalls, f1;
  for (std::size_t k = 0; k < classes; ++k) {
    // Wrong about class k: its examples that were missed, and others that were taken for it.
    const std::size_t wrong = (labelled[k] - found[k]) + (predicted[k] - found[k]);
    metrics.per_class.push_back({.label = static_cast<int>(k),
                                 .examples = labelled[k],
                                 .accuracy = share_of(records_.size() - wrong, records_.size()),
                                 .precision = share_if_defined(found[k], predicted[k]),
                                 .recall = share_if_defined(found[k], labelled[k]),
                                 .auroc = {},
                                 .fit = class_calibration_.of_class(k)});
    recalls.add(share_of(found[k], labelled[k]));
    f1.add(share_of(2 * found[k], labelled[k] + predicted[k]));
  }
  metrics.balanced_accuracy = recalls.value();
  metrics.macro_f1 = f1.value();
}

void MetricsCollector::add_class_ranks(Metrics& metrics) const {
  metrics.macro_auroc = kUndefined;
  if (probabilities_.empty()) return;
  std::vector<int> labels;
  for (const ExampleRecord& record : records_) labels.push_back(record.label);
  const ClassRanks ranks(std::move(labels), probabilities_, static_cast<std::size_t>(classes_));
  const std::vector<float> once(records_.size(), 1.0f);
  MeanOfDefined mean;
  for (std::size_t k = 0; k < ranks.classes(); ++k) {
    const double auroc = ranks.auroc<1>(k, once.data())[0];
    if (!std::isnan(auroc)) metrics.per_class[k].auroc = auroc;
    mean.add(auroc);
  }
  metrics.macro_auroc = mean.value();
}

}  // namespace bnn
