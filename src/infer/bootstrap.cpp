#include "bnn/infer/bootstrap.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "bnn/core/random.h"
#include "bnn/infer/named_metrics.h"
#include "bnn/infer/resampled_metrics.h"

namespace bnn {
namespace {

constexpr std::size_t kMaxTimesBytes = std::size_t{256} << 20;
constexpr double kLower = 0.025, kUpper = 0.975;
constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();

// How often each example is in each resample of a group: [examples][kResampleLanes].
void draw_times(const BootstrapSpec& spec, std::size_t group, std::size_t examples,
                std::vector<float>& times) {
  std::fill(times.begin(), times.end(), 0.0f);
  for (std::size_t lane = 0; lane < kResampleLanes; ++lane) {
    const Stream stream{.seed = spec.seed,
                        .site = Site::bootstrap,
                        .step = static_cast<std::uint32_t>(group * kResampleLanes + lane)};
    for (std::size_t i = 0; i < examples; ++i) {
      const std::uint32_t drawn = random_below(stream, i, static_cast<std::uint32_t>(examples));
      times[drawn * kResampleLanes + lane] += 1.0f;
    }
  }
}

std::vector<Metrics> evaluate_resamples(const ResampledMetrics& examples, const BootstrapSpec& spec,
                                        ThreadPool& pool, const std::function<void()>& check) {
  const std::size_t groups = (spec.resamples + kResampleLanes - 1) / kResampleLanes;
  const std::size_t size = examples.examples() * kResampleLanes;
  const std::size_t slots = std::clamp(kMaxTimesBytes / (size * sizeof(float)), std::size_t{1},
                                       std::min(groups, static_cast<std::size_t>(pool.size())));
  std::vector<std::vector<float>> times(slots, std::vector<float>(size));
  std::vector<Metrics> resamples(groups * kResampleLanes);
  for (std::size_t first = 0; first < groups; first += slots) {
    if (check) check();
    pool.run(std::min(slots, groups - first), [&](std::size_t slot, int) {
      draw_times(spec, first + slot, examples.examples(), times[slot]);
      ResampledMetrics::Results results = examples.evaluate(times[slot]);
      std::move(results.begin(), results.end(),
                resamples.begin() + static_cast<std::ptrdiff_t>((first + slot) * kResampleLanes));
    });
  }
  resamples.resize(spec.resamples);
  return resamples;
}

// The interval of one number, which `number` finds in a Metrics, over the resamples that define it.
template <typename Number>
void set_interval(std::vector<Metrics>& resamples, MetricIntervals& intervals,
                  const Number& number) {
  std::vector<double> values;
  values.reserve(resamples.size());
  for (Metrics& resample : resamples) {
    const double value = number(resample);
    if (!std::isnan(value)) values.push_back(value);
  }
  std::sort(values.begin(), values.end());
  number(intervals.lower) = values.empty() ? kUndefined : quantile(values, kLower);
  number(intervals.upper) = values.empty() ? kUndefined : quantile(values, kUpper);
}

void set_class_intervals(std::vector<Metrics>& resamples, MetricIntervals& intervals,
                         const std::function<void()>& check) {
  for (std::size_t k = 0; k < intervals.lower.per_class.size(); ++k) {
    if (check) check();
    set_interval(resamples, intervals,
                 [k](Metrics& m) -> double& { return m.per_class[k].accuracy; });
    for (const auto share : {&ClassMetrics::precision, &ClassMetrics::recall}) {
      set_interval(resamples, intervals,
                   [&](Metrics& m) -> double& { return *(m.per_class[k].*share); });
      for (Metrics* bounds : {&intervals.lower, &intervals.upper}) {
        std::optional<double>& bound = bounds->per_class[k].*share;
        if (std::isnan(*bound)) bound.reset();
      }
    }
  }
}

MetricIntervals undefined_intervals() {
  MetricIntervals intervals;
  for (Metrics* bounds : {&intervals.lower, &intervals.upper}) {
    for (const NamedMetric& metric : kNamedMetrics) bounds->*metric.value = kUndefined;
    bounds->brier_decomposition = {kUndefined, kUndefined, kUndefined};
  }
  return intervals;
}

}  // namespace

MetricIntervals bootstrap_intervals(const MetricsCollector& collector, const BootstrapSpec& spec,
                                    ThreadPool& pool, const std::function<void()>& check) {
  if (collector.examples() == 0 || spec.resamples == 0) return undefined_intervals();
  const auto classes = static_cast<std::size_t>(collector.classes());
  const bool with_classes = classes <= kMaxClassResamples / spec.resamples;
  std::vector<Metrics> resamples =
      evaluate_resamples(ResampledMetrics(collector, with_classes), spec, pool, check);
  // The bounds take their classes and coverages from a resample, and their numbers below.
  MetricIntervals intervals{resamples.front(), resamples.front()};
  for (const NamedMetric& metric : kNamedMetrics) {
    set_interval(resamples, intervals, [&](Metrics& m) -> double& { return m.*metric.value; });
  }
  for (const BrierPart& part : kBrierParts) {
    set_interval(resamples, intervals,
                 [&](Metrics& m) -> double& { return m.brier_decomposition.*part.value; });
  }
  for (std::size_t i = 0; i < intervals.lower.risk_at_coverage.size(); ++i) {
    set_interval(resamples, intervals,
                 [i](Metrics& m) -> double& { return m.risk_at_coverage[i].risk; });
  }
  set_class_intervals(resamples, intervals, check);
  return intervals;
}

double quantile(std::span<const double> ascending, double q) {
  const double position = q * static_cast<double>(ascending.size() - 1);
  const auto below = static_cast<std::size_t>(position);
  const std::size_t above = std::min(below + 1, ascending.size() - 1);
  const double share = position - static_cast<double>(below);
  return ascending[below] + share * (ascending[above] - ascending[below]);
}

}  // namespace bnn
