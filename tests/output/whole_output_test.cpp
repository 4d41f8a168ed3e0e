// Everything that an evaluation can find, as text and as JSON, byte for byte. All numbers are made
// up and exact in binary, so that no processor rounds them differently.

#include <cmath>

#include <catch2/catch.hpp>

#include "bnn/output/evaluation_output.h"
#include "support/places.h"
#include "support/tiny_run.h"

namespace bnn {
namespace {

// 1/64, 2/64, 3/64 …
class Numbers {
 public:
  double next() { return ++count_ / 64.0; }

 private:
  int count_ = 0;
};

void fill(Metrics& metrics, Numbers& numbers) {
  metrics.examples = 30;
  for (double Metrics::*value :
       {&Metrics::accuracy, &Metrics::nll, &Metrics::brier, &Metrics::ece, &Metrics::adaptive_ece,
        &Metrics::mce, &Metrics::predictive_entropy, &Metrics::expected_entropy,
        &Metrics::mutual_information, &Metrics::aurc, &Metrics::class_ece,
        &Metrics::balanced_accuracy, &Metrics::macro_f1, &Metrics::macro_auroc,
        &Metrics::smooth_ece, &Metrics::augrc, &Metrics::coverage_at_5_risk,
        &Metrics::risk_at_80_coverage}) {
    metrics.*value = numbers.next();
  }
  metrics.brier_decomposition = {numbers.next(), numbers.next(), numbers.next()};
  for (const double coverage : {0.5, 0.7, 0.8, 0.9, 0.95, 1.0}) {
    metrics.risk_at_coverage.push_back({coverage, numbers.next()});
  }
  for (int k = 0; k < 3; ++k) {
    metrics.per_class.push_back(
        {k, 10, numbers.next(), numbers.next(), numbers.next(), numbers.next()});
  }
  for (ClassMetrics& one : metrics.per_class) one.fit = {numbers.next(), numbers.next()};
}

MetricValues point(Numbers& numbers) {
  MetricValues values;
  for (const NamedMetric& metric : kPointMetrics) values.*metric.value = numbers.next();
  return values;
}

// Two of the numbers have no interval.
IntervalSet intervals_between(Numbers& numbers) {
  Metrics lower, upper;
  fill(lower, numbers);
  fill(upper, numbers);
  IntervalSet intervals;
  for (const NamedMetric& metric : kNamedMetrics) {
    intervals.of(metric.value) = {lower.*metric.value, upper.*metric.value};
  }
  for (std::size_t i = 0; i < kBrierParts.size(); ++i) {
    intervals.brier_parts[i] = {lower.brier_decomposition.*kBrierParts[i].value,
                                upper.brier_decomposition.*kBrierParts[i].value};
  }
  for (std::size_t i = 0; i < lower.risk_at_coverage.size(); ++i) {
    intervals.risks.push_back({lower.risk_at_coverage[i].risk, upper.risk_at_coverage[i].risk});
  }
  for (std::size_t k = 0; k < lower.per_class.size(); ++k) {
    const ClassMetrics &from = lower.per_class[k], &to = upper.per_class[k];
    intervals.per_class.push_back({{from.accuracy, to.accuracy},
                                   {*from.precision, *to.precision},
                                   {*from.recall, *to.recall},
                                   {*from.auroc, *to.auroc}});
  }
  intervals.of(&Metrics::class_ece) = intervals.brier_parts[1] = {};
  intervals.per_class[2].precision = {};
  return intervals;
}

Evaluation whole_evaluation() {
  Numbers numbers;
  Evaluation evaluation;
  Metrics& metrics = evaluation.metrics;
  fill(metrics, numbers);
  metrics.per_class[2].precision.reset();
  metrics.risk_coverage = {{0.25, numbers.next()}, {1.0, numbers.next()}};
  metrics.confusion_matrix = {{5, 4, 1}, {2, 7, 1}, {10, 0, 0}};
  metrics.calibration = {{0, 0.5, 10, 0.375, 0.5}, {0.5, 0.75, 0, 0, 0}, {0.75, 1, 20, 0.875, 0.5}};
  evaluation.samples = 8;
  evaluation.members = 2;
  evaluation.class_names = {"cat", "a \"dog\"", "b\xC3\xA4r"};
  const auto next_detection = [&] {
    return Detection{numbers.next(), numbers.next(), numbers.next(), numbers.next()};
  };
  evaluation.ood =
      OodMetrics{7, next_detection(), next_detection(), next_detection(), next_detection()};
  evaluation.intervals = intervals_between(numbers);
  Metrics mean_weights;
  fill(mean_weights, numbers);
  evaluation.mean_weights = mean_weights;
  for (const std::size_t samples : {2u, 4u, 8u}) {
    MetricValues values;
    for (const NamedMetric& metric : kSweepMetrics) values.*metric.value = numbers.next();
    evaluation.sweep.push_back({samples, values});
  }
  for (const char* name : {"gaussian_noise", "contrast"}) {
    for (int severity = 1; severity <= 5; ++severity) {
      evaluation.corruptions.push_back({name, severity, point(numbers)});
    }
  }
  evaluation.temperature = 1.25;
  evaluation.conformal = ConformalResult{.rule = {ConformalScore::aps, 0.9, 0.75, 100},
                                         .coverage = numbers.next(),
                                         .mean_size = numbers.next(),
                                         .size_counts = {1, 20, 8, 1},
                                         .size_covered = {0, 18, 7, 1},
                                         .class_coverage = {0.5, std::nan(""), 0.25}};
  for (const double kept : {1.0, 0.5}) {
    evaluation.pruning.push_back({kept, point(numbers)});
  }
  for (CorruptionResult& result : evaluation.corruptions) {
    result.auroc.assign(kOodScores.size(), numbers.next());
    result.auroc.front() = kUndefined;
  }
  evaluation.ood->energy = next_detection();
  evaluation.ood->max_logit = next_detection();
  evaluation.ood->mahalanobis = next_detection();
  return evaluation;
}

std::string expected(const std::string& name) {
  return testing::read_bytes(testing::source_directory() + "/tests/output/" + name);
}

TEST_CASE("the JSON of an evaluation of everything stays as it is, byte for byte") {
  CHECK(evaluation_json(whole_evaluation()) == expected("whole_evaluation.json"));
}

TEST_CASE("the text of an evaluation of everything stays as it is, byte for byte") {
  CHECK(evaluation_text(whole_evaluation()) == expected("whole_evaluation.txt"));
}

}  // namespace
}  // namespace bnn
