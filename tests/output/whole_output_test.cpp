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
        &Metrics::mutual_information, &Metrics::aurc, &Metrics::class_ece}) {
    metrics.*value = numbers.next();
  }
  metrics.brier_decomposition = {numbers.next(), numbers.next(), numbers.next()};
  for (const double coverage : {0.5, 0.7, 0.8, 0.9, 0.95, 1.0}) {
    metrics.risk_at_coverage.push_back({coverage, numbers.next()});
  }
  for (int k = 0; k < 3; ++k) {
    metrics.per_class.push_back({k, 10, numbers.next(), numbers.next(), numbers.next()});
  }
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
  evaluation.ood = OodMetrics{7,
                              {numbers.next(), numbers.next(), numbers.next(), numbers.next()},
                              {numbers.next(), numbers.next(), numbers.next(), numbers.next()},
                              {numbers.next(), numbers.next(), numbers.next(), numbers.next()},
                              {numbers.next(), numbers.next(), numbers.next(), numbers.next()}};
  Metrics lower, upper;
  fill(lower, numbers);
  fill(upper, numbers);
  lower.class_ece = upper.class_ece = std::nan("");
  lower.brier_decomposition.resolution = upper.brier_decomposition.resolution = std::nan("");
  lower.per_class[2].precision = upper.per_class[2].precision = std::nullopt;
  evaluation.intervals = MetricIntervals{lower, upper};
  evaluation.mean_weights.emplace();
  fill(*evaluation.mean_weights, numbers);
  for (const std::size_t samples : {2u, 4u, 8u}) {
    evaluation.sweep.push_back(
        {samples, numbers.next(), numbers.next(), numbers.next(), numbers.next(), numbers.next()});
  }
  for (const char* name : {"gaussian_noise", "contrast"}) {
    for (int severity = 1; severity <= 5; ++severity) {
      evaluation.corruptions.push_back(
          {name, severity, numbers.next(), numbers.next(), numbers.next()});
    }
  }
  evaluation.temperature = 1.25;
  evaluation.conformal = ConformalResult{.target = 0.9,
                                         .threshold = 0.75,
                                         .calibration_examples = 100,
                                         .coverage = numbers.next(),
                                         .mean_size = numbers.next(),
                                         .size_counts = {1, 20, 8, 1},
                                         .size_covered = {0, 18, 7, 1},
                                         .class_coverage = {0.5, std::nan(""), 0.25},
                                         .score = "aps"};
  for (const double kept : {1.0, 0.5}) {
    evaluation.pruning.push_back({kept, numbers.next(), numbers.next(), numbers.next()});
  }
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
