// Bootstrap intervals: against metrics of the same resamples made one by one, against theory, and
// against the share of simulated data sets whose interval holds the truth.

#include "bnn/infer/bootstrap.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <tuple>
#include <vector>

#include <catch2/catch.hpp>

#include "bnn/core/random.h"
#include "bnn/infer/evaluation.h"

namespace bnn {
namespace {

constexpr std::size_t kKeepAll = 1 << 20;

struct Example {
  Summary summary;
  int label;
};

Example example(const std::vector<float>& p, int label) {
  const auto classes = static_cast<int>(p.size());
  return {summarize(p.data(), 1, p.size(), classes), label};
}

// Two samples each; confidences in steps of 1/16, so many are tied.
std::vector<Example> random_examples(std::size_t count, std::uint32_t seed) {
  std::mt19937 generator(seed);
  std::vector<Example> examples;
  for (std::size_t i = 0; i < count; ++i) {
    std::vector<float> p;
    for (int s = 0; s < 2; ++s) {
      const float a = static_cast<float>(generator() % 9) / 8;
      const float b = (1 - a) * static_cast<float>(generator() % 9) / 8;
      p.insert(p.end(), {a, b, 1 - a - b});
    }
    examples.push_back({summarize(p.data(), 2, 3, 3), static_cast<int>(generator() % 3)});
  }
  return examples;
}

MetricsCollector collect(const std::vector<Example>& examples, std::size_t keep = kKeepAll) {
  MetricsCollector collector(static_cast<int>(examples[0].summary.probabilities.size()), keep);
  for (const Example& one : examples) collector.add(one.summary, one.label);
  return collector;
}

// In the order that bootstrap.h documents.
void sort_as_documented(std::vector<Example>& examples) {
  const auto key = [](const Example& e) {
    MetricsCollector one(3);
    one.add(e.summary, e.label);
    const ExampleRecord r = one.records()[0];
    return std::make_tuple(r.confidence, r.predicted == r.label, r.nll, r.brier,
                           r.predictive_entropy, r.expected_entropy, r.mutual_information, r.label,
                           r.predicted, e.summary.probabilities);
  };
  std::sort(examples.begin(), examples.end(),
            [&](const Example& a, const Example& b) { return key(a) < key(b); });
}

MetricIntervals intervals_of(const std::vector<Example>& examples, std::size_t resamples,
                             std::uint64_t seed = 0, int threads = 1) {
  ThreadPool pool(threads);
  return bootstrap_intervals(collect(examples), {resamples, seed}, pool);
}

bool same_bits(const MetricIntervals& a, const MetricIntervals& b) {
  return std::all_of(kNamedMetrics.begin(), kNamedMetrics.end(), [&](const NamedMetric& metric) {
    const Interval &x = a.*metric.interval, &y = b.*metric.interval;
    return x.lower == y.lower && x.upper == y.upper;
  });
}

}  // namespace

TEST_CASE("an interval is that of the metrics of its resamples, made one by one") {
  constexpr std::size_t kResamples = 21;  // more than two groups
  for (const std::size_t count : {1u, 2u, 7u, 16u, 120u}) {
    CAPTURE(count);
    std::vector<Example> examples = random_examples(count, 11);
    const MetricIntervals intervals = intervals_of(examples, kResamples, 5);
    sort_as_documented(examples);
    std::vector<Metrics> resamples;
    for (std::uint32_t r = 0; r < kResamples; ++r) {
      const Stream stream{.seed = 5, .site = Site::bootstrap, .step = r};
      MetricsCollector collector(3);
      for (std::size_t i = 0; i < count; ++i) {
        const Example& drawn = examples[random_below(stream, i, static_cast<std::uint32_t>(count))];
        collector.add(drawn.summary, drawn.label);
      }
      resamples.push_back(collector.finish());
    }
    for (const NamedMetric& metric : kNamedMetrics) {
      CAPTURE(metric.name);
      std::vector<double> values;
      for (const Metrics& one : resamples) values.push_back(one.*metric.value);
      std::sort(values.begin(), values.end());
      // 2.5 % and 97.5 % of the way from the first of 21 to the last: half a step from each end.
      const Interval found = intervals.*metric.interval;
      CHECK(found.lower == Approx((values[0] + values[1]) / 2).epsilon(1e-6).margin(1e-7));
      CHECK(found.upper == Approx((values[19] + values[20]) / 2).epsilon(1e-6).margin(1e-7));
    }
  }
}

TEST_CASE("intervals depend on neither threads nor order, but on the seed") {
  std::vector<Example> examples = random_examples(200, 3);
  // Alike in every number but for the classes that they belong to.
  for (int i = 0; i < 20; ++i) {
    examples.push_back(example({1, 0, 0}, 0));
    examples.push_back(example({0, 1, 0}, 1));
    examples.push_back(example({0.5f, 0.375f, 0.125f}, 0));
    examples.push_back(example({0.5f, 0.125f, 0.375f}, 0));
  }
  const MetricIntervals first = intervals_of(examples, 100, 1);
  for (const int threads : {2, 3, 5})
    CHECK(same_bits(intervals_of(examples, 100, 1, threads), first));
  std::mt19937 generator(4);
  std::shuffle(examples.begin(), examples.end(), generator);
  CHECK(same_bits(intervals_of(examples, 100, 1, 2), first));
  CHECK_FALSE(same_bits(intervals_of(examples, 100, 2), first));
}

TEST_CASE("the interval of an accuracy is as wide as the binomial distribution says") {
  std::vector<Example> examples;
  for (int i = 0; i < 2000; ++i) examples.push_back(example({0.75f, 0.25f}, i % 5 == 0 ? 1 : 0));
  const MetricIntervals intervals = intervals_of(examples, 4000);
  const double standard_error = std::sqrt(0.8 * 0.2 / 2000);
  // 4000 resamples know a 2.5 % quantile to about 0.04 standard errors.
  CHECK(intervals.accuracy.lower ==
        Approx(0.8 - 1.96 * standard_error).margin(0.2 * standard_error));
  CHECK(intervals.accuracy.upper ==
        Approx(0.8 + 1.96 * standard_error).margin(0.2 * standard_error));
  // NLL is a linear function of the accuracy here.
  const double slope = std::log(0.75 / 0.25);
  CHECK(intervals.nll.upper - intervals.nll.lower ==
        Approx(slope * (intervals.accuracy.upper - intervals.accuracy.lower)));
}

TEST_CASE("about 95 percent of data sets have intervals that hold the truth") {
  // Two confidences, equally likely, each right at its own rate.
  constexpr int kSets = 600, kExamples = 150;
  constexpr std::size_t kResamples = 200;
  constexpr double kAccuracy = (0.9 + 0.6) / 2;
  const double nll = (-0.9 * std::log(0.875) - 0.1 * std::log(0.125) - 0.6 * std::log(0.625) -
                      0.4 * std::log(0.375)) /
                     2;
  const Example cases[] = {example({0.875f, 0.125f}, 0), example({0.875f, 0.125f}, 1),
                           example({0.625f, 0.375f}, 0), example({0.625f, 0.375f}, 1)};
  std::mt19937 generator(8);
  std::uniform_real_distribution<double> uniform(0.0, 1.0);
  ThreadPool pool(2);
  int accuracy_held = 0, nll_held = 0;
  for (int set = 0; set < kSets; ++set) {
    MetricsCollector collector(2);
    for (int i = 0; i < kExamples; ++i) {
      const bool sure = uniform(generator) < 0.5;
      const bool right = uniform(generator) < (sure ? 0.9 : 0.6);
      const Example& drawn = cases[(sure ? 0 : 2) + (right ? 0 : 1)];
      collector.add(drawn.summary, drawn.label);
    }
    const MetricIntervals intervals =
        bootstrap_intervals(collector, {kResamples, static_cast<std::uint64_t>(set)}, pool);
    const auto holds = [](const Interval& interval, double truth) {
      return interval.lower <= truth && truth <= interval.upper;
    };
    accuracy_held += holds(intervals.accuracy, kAccuracy) ? 1 : 0;
    nll_held += holds(intervals.nll, nll) ? 1 : 0;
  }
  // 600 data sets: a standard error of 0.9 percentage points.
  CHECK(accuracy_held > 0.92 * kSets);
  CHECK(accuracy_held < 0.98 * kSets);
  CHECK(nll_held > 0.92 * kSets);
  CHECK(nll_held < 0.98 * kSets);
}

TEST_CASE("where all examples are alike the interval is a point") {
  const std::vector<Example> right(9, example({1, 0}, 0)), wrong(9, example({1, 0}, 1));
  const std::vector<Example> single(3, example({1}, 0));
  for (const auto& [examples, accuracy, brier] :
       {std::tuple(right, 1.0, 0.0), std::tuple(wrong, 0.0, 2.0), std::tuple(single, 1.0, 0.0)}) {
    const MetricIntervals intervals = intervals_of(examples, 50);
    const Metrics metrics = collect(examples).finish();
    CHECK(intervals.accuracy.lower == accuracy);
    CHECK(intervals.brier.upper == brier);
    for (const NamedMetric& metric : kNamedMetrics) {
      CAPTURE(metric.name);
      CHECK((intervals.*metric.interval).lower == Approx(metrics.*metric.value).margin(1e-12));
      CHECK((intervals.*metric.interval).upper == Approx(metrics.*metric.value).margin(1e-12));
    }
  }
}

TEST_CASE("without examples or resamples intervals are not a number") {
  ThreadPool pool(1);
  const MetricIntervals nothing = bootstrap_intervals(MetricsCollector(2), {}, pool);
  const MetricIntervals never = intervals_of(random_examples(5, 1), 0);
  for (const NamedMetric& metric : kNamedMetrics) {
    CHECK(std::isnan((nothing.*metric.interval).lower));
    CHECK(std::isnan((nothing.*metric.interval).upper));
    CHECK(std::isnan((never.*metric.interval).upper));
  }
}

TEST_CASE("without class probabilities only class_ece has no interval") {
  const std::vector<Example> examples = random_examples(20, 2);
  // 60 probabilities: one too many.
  const MetricsCollector collector = collect(examples, 59);
  CHECK(collector.probabilities().empty());
  CHECK(collect(examples, 60).probabilities().size() == 60);
  CHECK(collect(examples, 2).probabilities().empty());
  ThreadPool pool(1);
  const MetricIntervals intervals = bootstrap_intervals(collector, {100, 0}, pool);
  CHECK(std::isnan(intervals.class_ece.lower));
  CHECK(std::isnan(intervals.class_ece.upper));
  const MetricIntervals full = intervals_of(examples, 100);
  CHECK(intervals.nll.lower == full.nll.lower);
  CHECK(intervals.aurc.upper == full.aurc.upper);
  CHECK(full.class_ece.lower < full.class_ece.upper);
}

TEST_CASE("quantiles are interpolated between neighbours") {
  const std::vector<double> values = {1, 2, 4, 8, 16};
  CHECK(quantile(values, 0.0) == 1.0);
  CHECK(quantile(values, 0.5) == 4.0);
  CHECK(quantile(values, 0.125) == 1.5);
  CHECK(quantile(values, 0.9) == Approx(8 + 0.6 * 8));
  CHECK(quantile(values, 1.0) == 16.0);
  CHECK(quantile(std::vector<double>{3}, 0.025) == 3.0);
}

}  // namespace bnn
