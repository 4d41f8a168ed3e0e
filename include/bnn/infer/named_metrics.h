#pragma once
// The numbers of MetricValues in the order in which outputs list them, and how outputs speak of
// them. Definitions are in metrics.h. A new metric is a member there, its sums in metrics.cpp and
// resampled_metrics.cpp, and a row here: text, JSON and report take it from the row.

#include <array>
#include <stdexcept>

#include "bnn/infer/metrics.h"

namespace bnn {

struct NamedMetric {
  const char* name;     // the key in JSON and the row on the terminal
  const char* title;    // in running text
  const char* note;     // fits beside the numbers on a terminal
  const char* meaning;  // a line
  double MetricValues::*value;
};

constexpr std::array<NamedMetric, 18> kNamedMetrics = {{
    {"accuracy", "accuracy", "share that is right", "share of the predicted classes that are right",
     &Metrics::accuracy},
    {"balanced_accuracy", "balanced accuracy", "mean of the recalls",
     "mean over the classes of the share of their images that is found",
     &Metrics::balanced_accuracy},
    {"macro_f1", "macro F1", "mean of classes",
     "mean over the classes of the harmonic mean of precision and recall", &Metrics::macro_f1},
    {"macro_auroc", "macro AUROC", "mean of classes",
     "mean over the classes of the probability that one of its images gets more of it than another",
     &Metrics::macro_auroc},
    {"nll", "NLL", "nats of the label", "mean of −log p(label), in nats", &Metrics::nll},
    {"brier", "Brier score", "0 best, 2 worst", "squared error of all probabilities, 0 to 2",
     &Metrics::brier},
    {"ece", "ECE", "gap, equal widths",
     "mean gap of confidence and accuracy, 15 bins of equal width", &Metrics::ece},
    {"adaptive_ece", "adaptive ECE", "gap, equal counts", "the same over 15 bins of equal counts",
     &Metrics::adaptive_ece},
    {"smooth_ece", "smooth ECE", "gap, no bins", "the same without bins, smoothed by a kernel",
     &Metrics::smooth_ece},
    {"mce", "MCE", "largest gap", "largest gap of a bin of equal width", &Metrics::mce},
    {"class_ece", "class-wise ECE", "gap, mean of classes",
     "the same gap for each class’s probability, averaged over classes", &Metrics::class_ece},
    {"aurc", "AURC", "risk, mean coverage", "error rate averaged over coverages, surest first",
     &Metrics::aurc},
    {"augrc", "AUGRC", "kept errors, mean", "share that is kept and wrong, averaged over coverages",
     &Metrics::augrc},
    {"coverage_at_5_risk", "coverage at 5 % risk", "kept, 5 % wrong",
     "the largest share to keep, surest first, with at most 5 % errors",
     &Metrics::coverage_at_5_risk},
    {"risk_at_80_coverage", "risk at 80 % coverage", "errors if 80 % kept",
     "error rate among the surest 80 %", &Metrics::risk_at_80_coverage},
    {"predictive_entropy", "predictive entropy", "nats, all doubt", "all of the doubt, in nats",
     &Metrics::predictive_entropy},
    {"expected_entropy", "expected entropy", "nats, in the data", "the part of it in the data",
     &Metrics::expected_entropy},
    {"mutual_information", "mutual information", "nats, in the model",
     "the part of it in the model", &Metrics::mutual_information},
}};

/// A part of the Brier score, listed below it.
struct BrierPart {
  const char* name;
  const char* note;
  const char* meaning;
  double BrierDecomposition::*value;
};

constexpr std::array<BrierPart, 3> kBrierParts = {{
    {"reliability", "added, 0 is best",
     "adds to the Brier score: squared gap of probability and frequency, 0 is best",
     &BrierDecomposition::reliability},
    {"resolution", "taken off",
     "is taken off: how far the frequencies differ from the labels’ shares, more is better",
     &BrierDecomposition::resolution},
    {"uncertainty", "added, of the labels", "is added: what the labels’ shares alone would score",
     &BrierDecomposition::uncertainty},
}};

/// The position of a number in kNamedMetrics.
constexpr std::size_t metric_index(double MetricValues::*value) {
  for (std::size_t i = 0; i < kNamedMetrics.size(); ++i) {
    if (kNamedMetrics[i].value == value) return i;
  }
  throw std::logic_error("a metric without a name");
}

constexpr const NamedMetric& named_metric(double MetricValues::*value) {
  return kNamedMetrics[metric_index(value)];
}

/// What is listed for each corruption and for each share of pruned weights.
inline constexpr std::array kPointMetrics = {
    named_metric(&Metrics::accuracy), named_metric(&Metrics::nll), named_metric(&Metrics::ece)};

/// What is listed for each number of samples.
inline constexpr std::array kSweepMetrics = {
    named_metric(&Metrics::accuracy), named_metric(&Metrics::nll), named_metric(&Metrics::brier),
    named_metric(&Metrics::ece), named_metric(&Metrics::mutual_information)};

}  // namespace bnn
