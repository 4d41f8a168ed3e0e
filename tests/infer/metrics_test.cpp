// Expected values are worked out by hand; fractions are written as such.

#include "bnn/infer/metrics.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "bnn/core/error.h"
#include "bnn/infer/calibration.h"
#include "bnn/infer/ood.h"
#include "bnn/infer/risk_coverage.h"

namespace bnn {
namespace {

// One sample of these probabilities.
Summary certain(const std::vector<float>& probabilities) {
  return summarize(probabilities.data(), 1, probabilities.size(),
                   static_cast<int>(probabilities.size()));
}

std::vector<ScoredPrediction> sorted(std::vector<ScoredPrediction> predictions) {
  sort_by_confidence(predictions);
  return predictions;
}

double aurc(const std::vector<ScoredPrediction>& predictions) {
  return area_under_risk_coverage(sorted(predictions));
}

TEST_CASE("metrics of four examples over three classes match the hand calculation") {
  MetricsCollector collector(3);
  collector.add(certain({0.75f, 0.25f, 0}), 0);     // right
  collector.add(certain({0.5f, 0.25f, 0.25f}), 1);  // taken for class 0
  collector.add(certain({0.125f, 0.875f, 0}), 1);   // right
  collector.add(certain({0.25f, 0.5f, 0.25f}), 2);  // taken for class 1
  const Metrics metrics = collector.finish();
  CHECK(metrics.examples == 4);
  CHECK(metrics.accuracy == 0.5);
  CHECK(metrics.nll ==
        Approx((std::log(4.0 / 3) + std::log(4.0) + std::log(8.0 / 7) + std::log(4.0)) / 4));
  // 2/16, (4 + 9 + 1)/16, 2/64 and (1 + 4 + 9)/16.
  CHECK(metrics.brier == Approx((0.125 + 0.875 + 0.03125 + 0.875) / 4));
  // Bins: 0.5 twice, both wrong; 0.75 and 0.875, each alone and right.
  CHECK(metrics.ece == Approx((2 * 0.5 + 0.25 + 0.125) / 4));
  CHECK(metrics.adaptive_ece == Approx((2 * 0.5 + 0.25 + 0.125) / 4));
  CHECK(metrics.mce == Approx(0.5));
  // Risks 0, 0, then an expected 1/3 and 2/4.
  CHECK(metrics.aurc == Approx((1.0 / 3 + 0.5) / 4));
  CHECK(metrics.confusion_matrix ==
        std::vector<std::vector<std::size_t>>{{1, 0, 0}, {1, 1, 0}, {0, 1, 0}});
  REQUIRE(metrics.per_class.size() == 3);
  const ClassMetrics& second = metrics.per_class[1];
  CHECK(second.label == 1);
  CHECK(second.examples == 2);
  CHECK(second.accuracy == 0.5);  // The second example is missed, the fourth taken for it.
  CHECK(second.precision == 0.5);
  CHECK(second.recall == 0.5);
  const ClassMetrics& third = metrics.per_class[2];
  CHECK(third.examples == 1);
  CHECK(third.accuracy == 0.75);
  CHECK_FALSE(third.precision.has_value());
  CHECK(third.recall == 0.0);
  CHECK(metrics.per_class[0].accuracy == 0.75);
  CHECK(metrics.per_class[0].precision == 0.5);
  CHECK(metrics.per_class[0].recall == 1.0);
}

TEST_CASE("mean entropies keep the three kinds apart") {
  MetricsCollector collector(2);
  const std::vector<float> disagreeing = {1, 0, 0, 1};
  const std::vector<float> undecided = {0.5f, 0.5f, 0.5f, 0.5f};
  const std::vector<float> sure = {1, 0, 1, 0};
  collector.add(summarize(disagreeing.data(), 2, 2, 2), 0);
  collector.add(summarize(undecided.data(), 2, 2, 2), 0);
  collector.add(summarize(undecided.data(), 2, 2, 2), 1);
  collector.add(summarize(sure.data(), 2, 2, 2), 0);
  const Metrics metrics = collector.finish();
  CHECK(metrics.predictive_entropy == Approx(3 * std::log(2.0) / 4));
  CHECK(metrics.expected_entropy == Approx(2 * std::log(2.0) / 4));
  CHECK(metrics.mutual_information == Approx(std::log(2.0) / 4));
}

TEST_CASE("the two calibration errors differ where a wide bin lets errors cancel") {
  MetricsCollector collector(2);
  collector.add(certain({0.625f, 0.375f}), 0);
  collector.add(certain({0.65625f, 0.34375f}), 1);
  const Metrics metrics = collector.finish();
  CHECK(metrics.ece == Approx(0.640625 - 0.5));  // Both are in (9/15, 10/15].
  CHECK(metrics.adaptive_ece == Approx((0.375 + 0.65625) / 2));
}

TEST_CASE("a label of probability zero costs 126 log 2 nats") {
  MetricsCollector collector(2);
  collector.add(certain({1, 0}), 1);
  const Metrics metrics = collector.finish();
  CHECK(metrics.nll == Approx(126 * std::log(2.0)));
  CHECK(metrics.brier == 2.0);
  CHECK(metrics.ece == 1.0);
  CHECK(metrics.aurc == 1.0);
}

TEST_CASE("metrics of a single class are perfect") {
  MetricsCollector collector(1);
  for (int i = 0; i < 3; ++i) collector.add(certain({1}), 0);
  const Metrics metrics = collector.finish();
  CHECK(metrics.accuracy == 1.0);
  CHECK(metrics.nll == 0.0);
  CHECK(metrics.brier == 0.0);
  CHECK(metrics.ece == 0.0);
  CHECK(metrics.mce == 0.0);
  CHECK(metrics.aurc == 0.0);
  CHECK(metrics.per_class[0].precision == 1.0);
  CHECK(metrics.confusion_matrix == std::vector<std::vector<std::size_t>>{{3}});
}

TEST_CASE("a class without examples has no recall, and accuracy still counts false alarms") {
  MetricsCollector collector(2);
  collector.add(certain({0.75f, 0.25f}), 0);
  collector.add(certain({0.25f, 0.75f}), 0);
  const ClassMetrics second = collector.finish().per_class[1];
  CHECK(second.examples == 0);
  CHECK_FALSE(second.recall.has_value());
  CHECK(second.precision == 0.0);
  CHECK(second.accuracy == 0.5);
}

TEST_CASE("metrics of no examples are not a number, and nothing fails") {
  const Metrics metrics = MetricsCollector(2).finish();
  CHECK(metrics.examples == 0);
  for (const double value :
       {metrics.accuracy, metrics.nll, metrics.brier, metrics.ece, metrics.adaptive_ece,
        metrics.mce, metrics.aurc, metrics.predictive_entropy, metrics.per_class[0].accuracy}) {
    CHECK(std::isnan(value));
  }
  CHECK_FALSE(metrics.per_class[0].precision.has_value());
  CHECK(metrics.calibration.size() == 15);
}

TEST_CASE("a label outside the classes is refused and not counted") {
  MetricsCollector collector(2);
  collector.add(certain({1, 0}), 0);
  for (const int label : {-1, 2, 1000000}) {
    try {
      collector.add(certain({1, 0}), label);
      FAIL("expected an error");
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::data);
      CHECK(std::string(error.what()).find("found " + std::to_string(label)) != std::string::npos);
    }
  }
  CHECK(collector.finish().examples == 1);
}

TEST_CASE("a summary with another number of classes is refused") {
  MetricsCollector collector(3);
  CHECK_THROWS_AS(collector.add(certain({1, 0}), 0), Error);
}

TEST_CASE("a confusion matrix too large to print is left out and the classes are still counted") {
  MetricsCollector collector(kMaxConfusionClasses + 1);
  std::vector<float> p(kMaxConfusionClasses + 1, 0.0f);
  p.back() = 1;
  collector.add(certain(p), kMaxConfusionClasses);
  const Metrics metrics = collector.finish();
  CHECK(metrics.confusion_matrix.empty());
  CHECK(metrics.per_class.back().recall == 1.0);
}

TEST_CASE("metrics do not depend, to the last bit, on the order of the examples") {
  std::mt19937 generator(3);
  std::uniform_real_distribution<float> uniform(0.0f, 1.0f);
  std::vector<std::pair<Summary, int>> examples;
  for (int i = 0; i < 300; ++i) {
    // Probabilities in steps of 1/8 make many ties of confidence; thirds make sums round.
    std::vector<float> p;
    for (int s = 0; s < 3; ++s) {
      const float a = std::floor(uniform(generator) * 8) / 8;
      const float b = (1 - a) / 3;
      p.insert(p.end(), {a, b, 1 - a - b});
    }
    examples.emplace_back(summarize(p.data(), 3, 3, 3), static_cast<int>(generator() % 3));
  }
  const auto metrics = [&] {
    MetricsCollector collector(3);
    for (const auto& [summary, label] : examples) collector.add(summary, label);
    return collector.finish();
  };
  const Metrics first = metrics();
  for (int repeat = 0; repeat < 5; ++repeat) {
    std::shuffle(examples.begin(), examples.end(), generator);
    const Metrics other = metrics();
    CHECK(other.accuracy == first.accuracy);
    CHECK(other.nll == first.nll);
    CHECK(other.brier == first.brier);
    CHECK(other.ece == first.ece);
    CHECK(other.adaptive_ece == first.adaptive_ece);
    CHECK(other.mce == first.mce);
    CHECK(other.aurc == first.aurc);
    CHECK(other.class_ece == first.class_ece);
    CHECK(other.brier_decomposition.reliability == first.brier_decomposition.reliability);
    CHECK(other.brier_decomposition.resolution == first.brier_decomposition.resolution);
    for (std::size_t i = 0; i < first.risk_coverage.size(); ++i) {
      CHECK(other.risk_coverage[i].risk == first.risk_coverage[i].risk);
    }
    CHECK(other.predictive_entropy == first.predictive_entropy);
    CHECK(other.expected_entropy == first.expected_entropy);
    CHECK(other.mutual_information == first.mutual_information);
    CHECK(other.confusion_matrix == first.confusion_matrix);
    for (std::size_t b = 0; b < first.calibration.size(); ++b) {
      CHECK(other.calibration[b].confidence == first.calibration[b].confidence);
      CHECK(other.calibration[b].accuracy == first.calibration[b].accuracy);
    }
  }
}

TEST_CASE("bins of equal width are open below and closed above, and zero is in the first") {
  std::vector<ScoredPrediction> predictions = {{0.0, false}, {1.0, true}};
  for (std::size_t b = 1; b < 15; ++b) {
    const double bound = static_cast<double>(b) / 15.0;
    predictions.push_back({bound, true});
    predictions.push_back({std::nextafter(bound, 2.0), false});
  }
  const std::vector<CalibrationBin> bins = equal_width_bins(sorted(predictions));
  REQUIRE(bins.size() == 15);
  CHECK(bins[0].lower == 0.0);
  CHECK(bins[14].upper == 1.0);
  // Each bin has just above its lower bound a wrong prediction and at its upper bound a right one.
  for (std::size_t b = 0; b < 15; ++b) {
    CAPTURE(b);
    CHECK(bins[b].count == 2);
    CHECK(bins[b].accuracy == 0.5);
    CHECK(bins[b].lower == Approx(static_cast<double>(b) / 15));
    CHECK(bins[b].confidence == Approx((bins[b].lower + bins[b].upper) / 2));
  }
}

TEST_CASE("a confidence that rounding lifted above one is in the last bin") {
  const std::vector<ScoredPrediction> predictions = {{std::nextafter(1.0, 2.0), true}};
  CHECK(equal_width_bins(predictions)[14].count == 1);
}

TEST_CASE("empty bins weigh nothing in the calibration errors") {
  // Two examples at 0.9 of which one is right; all other bins are empty.
  const auto bins = equal_width_bins(sorted({{0.9, true}, {0.9, false}}));
  CHECK(expected_calibration_error(bins) == Approx(0.4));
  CHECK(maximum_calibration_error(bins) == Approx(0.4));
  CHECK(bins[0].count == 0);
  CHECK(bins[0].confidence == 0.0);
  CHECK(bins[0].accuracy == 0.0);
  CHECK(bins[13].count == 2);
}

TEST_CASE("errors of opposite sign cancel inside a bin but not across bins") {
  // 0.62 and 0.64 lie in (0.6, 0.667]; 0.95 is in (0.933, 1].
  const auto bins = equal_width_bins(sorted({{0.62, true}, {0.64, false}, {0.95, true}}));
  CHECK(bins[9].count == 2);
  CHECK(expected_calibration_error(bins) == Approx((2 * 0.13 + 0.05) / 3));
  CHECK(maximum_calibration_error(bins) == Approx(0.13));
}

TEST_CASE("bins of equal count share out the sorted examples") {
  // 30 examples, two a bin: confidences 1/31 … 30/31, of which the upper 15 are right.
  std::vector<ScoredPrediction> predictions;
  for (int i = 30; i >= 1; --i) predictions.push_back({i / 31.0, i > 15});
  const auto bins = equal_count_bins(sorted(predictions));
  REQUIRE(bins.size() == 15);
  double gaps = 0;
  for (int b = 0; b < 15; ++b) {
    const CalibrationBin& bin = bins[static_cast<std::size_t>(b)];
    CHECK(bin.count == 2);
    CHECK(bin.lower == Approx((2 * b + 1) / 31.0));
    CHECK(bin.upper == Approx((2 * b + 2) / 31.0));
    const double accuracy = b < 7 ? 0.0 : b == 7 ? 0.5 : 1.0;  // Bin 7 has examples 15 and 16.
    CHECK(bin.accuracy == accuracy);
    gaps += std::abs(accuracy - (2 * b + 1.5) / 31.0);
  }
  CHECK(expected_calibration_error(bins) == Approx(gaps / 15));
}

TEST_CASE("bins of equal count differ by at most one example, and may be empty") {
  for (const std::size_t examples : {1u, 14u, 16u, 44u}) {
    const std::vector<ScoredPrediction> predictions(examples, {0.5, true});
    std::size_t sum = 0;
    for (const CalibrationBin& bin : equal_count_bins(predictions)) {
      CHECK(bin.count >= examples / 15);
      CHECK(bin.count <= examples / 15 + 1);
      sum += bin.count;
    }
    CHECK(sum == examples);
  }
}

TEST_CASE("the area under risk and coverage matches the hand calculation") {
  // Most confident first: right, wrong, right, wrong: risks 0, 1/2, 1/3, 1/2.
  CHECK(aurc({{0.9, true}, {0.8, false}, {0.7, true}, {0.6, false}}) ==
        Approx((0.5 + 1.0 / 3 + 0.5) / 4));
  // The worst order of the same: wrong, wrong, right, right.
  CHECK(aurc({{0.9, false}, {0.8, false}, {0.7, true}, {0.6, true}}) ==
        Approx((1 + 1 + 2.0 / 3 + 0.5) / 4));
  CHECK(aurc({{0.3, true}}) == 0.0);
  CHECK(aurc({{0.3, false}}) == 1.0);
  CHECK(std::isnan(aurc({})));
}

TEST_CASE("tied predictions have the mean risk of all their orders") {
  // One right before three tied ones, of which one is wrong: it may stand second, third or fourth.
  const double second = (0.0 + 1.0 / 2 + 1.0 / 3 + 1.0 / 4) / 4;
  const double third = (0.0 + 0.0 + 1.0 / 3 + 1.0 / 4) / 4;
  const double fourth = (0.0 + 0.0 + 0.0 + 1.0 / 4) / 4;
  CHECK(aurc({{0.9, true}, {0.5, true}, {0.5, false}, {0.5, true}}) ==
        Approx((second + third + fourth) / 3));
  // All tied: the risk is the error rate at every coverage.
  CHECK(aurc({{0.5, false}, {0.5, true}, {0.5, true}, {0.5, true}}) == Approx(0.25));
}

TEST_CASE("detection of a separable set is perfect, and of a reversed one the worst") {
  const std::vector<double> low = {0.1, 0.2, 0.3}, high = {0.7, 0.8};
  const Detection best = detection(low, high);
  CHECK(best.auroc == 1.0);
  CHECK(best.aupr == 1.0);
  CHECK(best.fpr95 == 0.0);
  const Detection worst = detection(high, low);
  CHECK(worst.auroc == 0.0);
  CHECK(worst.fpr95 == 1.0);
  // Precisions 1/3, 2/4, 3/5, each over a recall step of 1/3.
  CHECK(worst.aupr == Approx((1.0 / 3 + 0.5 + 0.6) / 3));
  CHECK(best.aupr_in == 1.0);
  // The lowest scores are "out", then two "in": precisions 1/4 and 2/5, recall steps of 1/2.
  CHECK(worst.aupr_in == Approx((0.25 + 0.4) / 2));
}

// Precision and recall counted anew at every distinct score: `positive` is taken where score * sign
// is at least threshold * sign.
double naive_average_precision(const std::vector<double>& positive,
                               const std::vector<double>& negative, double sign) {
  std::set<double> thresholds(positive.begin(), positive.end());
  thresholds.insert(negative.begin(), negative.end());
  const auto taken = [sign](const std::vector<double>& scores, double threshold) {
    return std::count_if(scores.begin(), scores.end(),
                         [&](double score) { return sign * score >= sign * threshold; });
  };
  std::vector<double> ordered(thresholds.begin(), thresholds.end());
  if (sign > 0) std::reverse(ordered.begin(), ordered.end());
  double sum = 0, recall = 0;
  for (const double threshold : ordered) {
    const auto found = static_cast<double>(taken(positive, threshold));
    const double precision = found / (found + static_cast<double>(taken(negative, threshold)));
    const double now = found / static_cast<double>(positive.size());
    sum += (now - recall) * precision;
    recall = now;
  }
  return sum;
}

TEST_CASE("average precision in both conventions is that of counting at every threshold") {
  std::mt19937 generator(6);
  for (int repeat = 0; repeat < 30; ++repeat) {
    std::vector<double> inside, outside;
    inside.resize(1 + generator() % 20);
    outside.resize(1 + generator() % 20);
    for (double& score : inside) score = static_cast<double>(generator() % 8);
    for (double& score : outside) score = static_cast<double>(2 + generator() % 8);
    const Detection found = detection(inside, outside);
    CHECK(found.aupr == Approx(naive_average_precision(outside, inside, 1.0)));
    CHECK(found.aupr_in == Approx(naive_average_precision(inside, outside, -1.0)));
  }
}

TEST_CASE("detection with ties matches the hand calculation") {
  // Descending: 4 out, 3 out + in, 2 in, 1 out. Pairs won: 2 + 1.5 + 0 of 6.
  const Detection result = detection(std::vector<double>{3, 2}, std::vector<double>{4, 1, 3});
  CHECK(result.auroc == Approx(3.5 / 6));
  CHECK(result.aupr == Approx((1.0 + 2.0 / 3 + 3.0 / 5) / 3));
  CHECK(result.fpr95 == 1.0);
  // Ascending, "in" found: none at 1, one of two at 2, two of four at 3.
  CHECK(result.aupr_in == Approx((0.5 + 0.5) / 2));
  const std::vector<double> same = {0, 0, 0};
  CHECK(detection(same, same).auroc == 0.5);
  CHECK(detection(same, same).aupr == 0.5);
  CHECK(detection(same, std::vector<double>{0}).aupr_in == 0.75);
}

TEST_CASE("the false positive rate is taken where 95 percent are found, not more") {
  // 19 of 20 "out" examples score above both "in" examples, the last one below.
  std::vector<double> outside(19, 3.0);
  outside.push_back(0.0);
  CHECK(detection(std::vector<double>{1, 2}, outside).fpr95 == 0.0);
  outside[0] = 1.5;  // 18 above, one between.
  CHECK(detection(std::vector<double>{1, 2}, outside).fpr95 == 0.5);
}

TEST_CASE("detection without examples is not a number") {
  const std::vector<double> some = {1};
  CHECK(std::isnan(detection(some, {}).auroc));
  CHECK(std::isnan(detection(some, {}).aupr_in));
  CHECK(std::isnan(detection({}, some).fpr95));
}

TEST_CASE("out-of-distribution scores are higher for the less certain example") {
  OodScores inside, outside;
  inside.add(certain({1, 0}));
  const std::vector<float> disagreeing = {1, 0, 0, 1};
  outside.add(summarize(disagreeing.data(), 2, 2, 2));
  const OodMetrics metrics = ood_metrics(inside, outside);
  CHECK(metrics.examples == 1);
  CHECK(metrics.predictive_entropy->auroc == 1.0);
  CHECK(metrics.mutual_information->auroc == 1.0);
  CHECK(metrics.expected_entropy->auroc == 0.5);  // Each sample is certain, in both sets.
  CHECK(metrics.max_probability->auroc == 1.0);
}

}  // namespace
}  // namespace bnn
