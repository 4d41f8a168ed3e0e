// Bootstrap intervals: against metrics of the same resamples made one by one, against theory, and
// against the share of simulated data sets whose interval holds the truth.

#include "bnn/infer/bootstrap.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include <catch2/catch.hpp>

#include "bnn/core/error.h"
#include "bnn/core/random.h"
#include "bnn/infer/named_metrics.h"

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

IntervalSet intervals_of(const std::vector<Example>& examples, std::size_t resamples,
                         std::uint64_t seed = 0, int threads = 1) {
  ThreadPool pool(threads);
  return bootstrap_intervals(collect(examples), {resamples, seed}, pool);
}

// Every number that has an interval, NaN where it is undefined.
std::map<std::string, double> numbers_of(const Metrics& metrics) {
  std::map<std::string, double> numbers;
  for (const NamedMetric& metric : kNamedMetrics) numbers[metric.name] = metrics.*metric.value;
  for (const BrierPart& part : kBrierParts) {
    numbers[part.name] = metrics.brier_decomposition.*part.value;
  }
  for (const RiskPoint& point : metrics.risk_at_coverage) {
    numbers["risk at " + std::to_string(point.coverage)] = point.risk;
  }
  for (const ClassMetrics& one : metrics.per_class) {
    const std::string name = "class " + std::to_string(one.label);
    numbers[name + " accuracy"] = one.accuracy;
    numbers[name + " precision"] = one.precision.value_or(std::nan(""));
    numbers[name + " recall"] = one.recall.value_or(std::nan(""));
    numbers[name + " auroc"] = one.auroc.value_or(std::nan(""));
  }
  return numbers;
}

// The lower or the upper ends of all intervals, under the same names.
std::map<std::string, double> ends_of(const IntervalSet& intervals, double Bounds::*end) {
  std::map<std::string, double> numbers;
  for (std::size_t i = 0; i < kNamedMetrics.size(); ++i) {
    numbers[kNamedMetrics[i].name] = intervals.metrics[i].*end;
  }
  for (std::size_t i = 0; i < kBrierParts.size(); ++i) {
    numbers[kBrierParts[i].name] = intervals.brier_parts[i].*end;
  }
  for (std::size_t i = 0; i < intervals.risks.size(); ++i) {
    const double coverage = static_cast<double>(kCoveragePercents[i]) / 100;
    numbers["risk at " + std::to_string(coverage)] = intervals.risks[i].*end;
  }
  for (std::size_t k = 0; k < intervals.per_class.size(); ++k) {
    const std::string name = "class " + std::to_string(k);
    numbers[name + " accuracy"] = intervals.per_class[k].accuracy.*end;
    numbers[name + " precision"] = intervals.per_class[k].precision.*end;
    numbers[name + " recall"] = intervals.per_class[k].recall.*end;
    numbers[name + " auroc"] = intervals.per_class[k].auroc.*end;
  }
  return numbers;
}

bool same_bits(const IntervalSet& a, const IntervalSet& b) {
  return ends_of(a, &Bounds::lower) == ends_of(b, &Bounds::lower) &&
         ends_of(a, &Bounds::upper) == ends_of(b, &Bounds::upper);
}

// By the definition: the values are at 0, 1 / (n - 1), … 1, with lines between them.
double naive_quantile(std::vector<double> values, double q) {
  if (values.empty()) return std::nan("");
  std::sort(values.begin(), values.end());
  const double step = 1.0 / static_cast<double>(values.size() - 1);
  for (std::size_t i = 0; i + 1 < values.size(); ++i) {
    const double from = static_cast<double>(i) * step;
    if (q > from + step) continue;
    return values[i] + (q - from) / step * (values[i + 1] - values[i]);
  }
  return values.back();
}

}  // namespace

TEST_CASE("an interval is that of the metrics of its resamples, made one by one") {
  constexpr std::size_t kResamples = 21;  // more than two groups
  for (const std::size_t count : {1u, 2u, 7u, 16u, 120u}) {
    CAPTURE(count);
    std::vector<Example> examples = random_examples(count, 11);
    const IntervalSet intervals = intervals_of(examples, kResamples, 5);
    sort_as_documented(examples);
    std::vector<Metrics> resamples;
    for (std::uint32_t r = 0; r < kResamples; ++r) {
      const Stream stream{.seed = 5, .site = Site::bootstrap, .step = r};
      MetricsCollector collector(3, kKeepAll);
      for (std::size_t i = 0; i < count; ++i) {
        const Example& drawn = examples[random_below(stream, i, static_cast<std::uint32_t>(count))];
        collector.add(drawn.summary, drawn.label);
      }
      resamples.push_back(collector.finish());
    }
    const std::map<std::string, double> lower = ends_of(intervals, &Bounds::lower);
    const std::map<std::string, double> upper = ends_of(intervals, &Bounds::upper);
    CHECK(lower.size() == kNamedMetrics.size() + 3 + 6 + 3 * 4);
    for (const auto& [name, bound] : lower) {
      CAPTURE(name);
      std::vector<double> values;
      for (const Metrics& one : resamples) {
        const double value = numbers_of(one).at(name);
        if (!std::isnan(value)) values.push_back(value);
      }
      const double expected = naive_quantile(values, 0.025);
      CHECK(std::isnan(bound) == values.empty());
      if (values.empty()) continue;
      CHECK(bound == Approx(expected).epsilon(1e-6).margin(2e-7));
      CHECK(upper.at(name) == Approx(naive_quantile(values, 0.975)).epsilon(1e-6).margin(2e-7));
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
  const IntervalSet first = intervals_of(examples, 100, 1);
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
  const IntervalSet intervals = intervals_of(examples, 4000);
  const double standard_error = std::sqrt(0.8 * 0.2 / 2000);
  // 4000 resamples know a 2.5 % quantile to about 0.04 standard errors.
  CHECK(intervals.of(&Metrics::accuracy).lower ==
        Approx(0.8 - 1.96 * standard_error).margin(0.2 * standard_error));
  CHECK(intervals.of(&Metrics::accuracy).upper ==
        Approx(0.8 + 1.96 * standard_error).margin(0.2 * standard_error));
  // NLL is a linear function of the accuracy here.
  const double slope = std::log(0.75 / 0.25);
  CHECK(intervals.of(&Metrics::nll).upper - intervals.of(&Metrics::nll).lower ==
        Approx(slope *
               (intervals.of(&Metrics::accuracy).upper - intervals.of(&Metrics::accuracy).lower)));
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
    const IntervalSet intervals =
        bootstrap_intervals(collector, {kResamples, static_cast<std::uint64_t>(set)}, pool);
    const auto holds = [&](double MetricValues::*value, double truth) {
      return intervals.of(value).lower <= truth && truth <= intervals.of(value).upper;
    };
    accuracy_held += holds(&Metrics::accuracy, kAccuracy) ? 1 : 0;
    nll_held += holds(&Metrics::nll, nll) ? 1 : 0;
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
    const IntervalSet intervals = intervals_of(examples, 50);
    const Metrics metrics = collect(examples).finish();
    CHECK(intervals.of(&Metrics::accuracy).lower == accuracy);
    CHECK(intervals.of(&Metrics::brier).upper == brier);
    for (const NamedMetric& metric : kNamedMetrics) {
      CAPTURE(metric.name);
      if (std::isnan(metrics.*metric.value)) {  // AUROC of a single class
        CHECK_FALSE(intervals.of(metric.value).defined());
        continue;
      }
      CHECK(intervals.of(metric.value).lower == Approx(metrics.*metric.value).margin(1e-12));
      CHECK(intervals.of(metric.value).upper == Approx(metrics.*metric.value).margin(1e-12));
    }
  }
}

TEST_CASE("without examples or resamples intervals are not a number") {
  ThreadPool pool(1);
  const IntervalSet nothing = bootstrap_intervals(MetricsCollector(2), {}, pool);
  const IntervalSet never = intervals_of(random_examples(5, 1), 0);
  for (const NamedMetric& metric : kNamedMetrics) {
    CHECK(std::isnan(nothing.of(metric.value).lower));
    CHECK(std::isnan(nothing.of(metric.value).upper));
    CHECK(std::isnan(never.of(metric.value).upper));
  }
}

TEST_CASE("without class probabilities only their calibration has no interval") {
  const std::vector<Example> examples = random_examples(20, 2);
  // 60 probabilities: one too many.
  const MetricsCollector collector = collect(examples, 59);
  CHECK(collector.probabilities().empty());
  CHECK(collect(examples, 60).probabilities().size() == 60);
  CHECK(collect(examples, 2).probabilities().empty());
  ThreadPool pool(1);
  const IntervalSet intervals = bootstrap_intervals(collector, {100, 0}, pool);
  CHECK(std::isnan(intervals.of(&Metrics::class_ece).lower));
  CHECK(std::isnan(intervals.of(&Metrics::class_ece).upper));
  CHECK(std::isnan(intervals.brier_parts[0].lower));
  CHECK(std::isnan(intervals.brier_parts[1].upper));
  const IntervalSet full = intervals_of(examples, 100);
  CHECK(intervals.brier_parts[2].lower == full.brier_parts[2].lower);
  CHECK(intervals.of(&Metrics::nll).lower == full.of(&Metrics::nll).lower);
  CHECK(intervals.of(&Metrics::aurc).upper == full.of(&Metrics::aurc).upper);
  CHECK(full.of(&Metrics::class_ece).lower < full.of(&Metrics::class_ece).upper);
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

TEST_CASE("classes times resamples beyond the limit have no intervals") {
  constexpr int kClasses = 2050;
  constexpr std::size_t kResamples = kMaxClassResamples / kClasses + 1;
  std::vector<float> p(kClasses, 1.0f / kClasses);
  MetricsCollector collector(kClasses);
  collector.add(example(p, 3).summary, 3);
  ThreadPool pool(1);
  const IntervalSet intervals = bootstrap_intervals(collector, {kResamples, 0}, pool);
  CHECK(intervals.per_class.empty());
  CHECK(intervals.risks.size() == 6);
  CHECK(bootstrap_intervals(collector, {8, 0}, pool).per_class.size() == kClasses);
}

TEST_CASE("a bootstrap asks often whether to go on") {
  ThreadPool pool(2);
  const MetricsCollector collector = collect(random_examples(20, 2));
  int asked = 0;
  bootstrap_intervals(collector, {160, 0}, pool, [&] { ++asked; });
  CHECK(asked == 10 + 3);  // 20 groups of 8 resamples, two at a time, and three classes
  const auto stop = [] { throw Error(ErrorKind::internal, "enough"); };
  CHECK_THROWS_WITH(bootstrap_intervals(collector, {160, 0}, pool, stop), "enough");
}

}  // namespace bnn
