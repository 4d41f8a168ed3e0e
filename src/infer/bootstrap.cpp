#include "bnn/infer/bootstrap.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "bnn/core/random.h"
#include "bnn/infer/resampled_metrics.h"

namespace bnn {
namespace {

constexpr std::size_t kMaxTimesBytes = std::size_t{256} << 20;
constexpr double kLower = 0.025, kUpper = 0.975;

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

std::vector<Resample> evaluate_resamples(const ResampledMetrics& examples,
                                         const BootstrapSpec& spec, ThreadPool& pool,
                                         const std::function<void()>& check) {
  const std::size_t groups = (spec.resamples + kResampleLanes - 1) / kResampleLanes;
  const std::size_t size = examples.examples() * kResampleLanes;
  const std::size_t slots = std::clamp(kMaxTimesBytes / (size * sizeof(float)), std::size_t{1},
                                       std::min(groups, static_cast<std::size_t>(pool.size())));
  std::vector<std::vector<float>> times(slots, std::vector<float>(size));
  std::vector<Resample> resamples(groups * kResampleLanes);
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

// The interval of one number, which `number_of` finds in a resample, over those that define it.
template <typename Number>
Bounds interval(const std::vector<Resample>& resamples, const Number& number_of) {
  std::vector<double> values;
  values.reserve(resamples.size());
  for (const Resample& resample : resamples) {
    const double value = number_of(resample);
    if (!std::isnan(value)) values.push_back(value);
  }
  if (values.empty()) return {};
  std::sort(values.begin(), values.end());
  return {quantile(values, kLower), quantile(values, kUpper)};
}

ClassBounds class_intervals(const std::vector<Resample>& resamples, std::size_t k) {
  const auto of = [&](double Resample::Class::*share) {
    return interval(resamples, [&](const Resample& r) { return r.per_class[k].*share; });
  };
  return {of(&Resample::Class::accuracy), of(&Resample::Class::precision),
          of(&Resample::Class::recall), of(&Resample::Class::auroc)};
}

}  // namespace

IntervalSet bootstrap_intervals(const MetricsCollector& collector, const BootstrapSpec& spec,
                                ThreadPool& pool, const std::function<void()>& check) {
  IntervalSet intervals;
  if (collector.examples() == 0 || spec.resamples == 0) return intervals;
  const auto classes = static_cast<std::size_t>(collector.classes());
  const bool with_classes = classes <= kMaxClassResamples / spec.resamples;
  const std::vector<Resample> resamples =
      evaluate_resamples(ResampledMetrics(collector, with_classes), spec, pool, check);
  for (std::size_t i = 0; i < kNamedMetrics.size(); ++i) {
    intervals.metrics[i] =
        interval(resamples, [&](const Resample& r) { return r.*kNamedMetrics[i].value; });
  }
  for (std::size_t i = 0; i < kBrierParts.size(); ++i) {
    intervals.brier_parts[i] = interval(
        resamples, [&](const Resample& r) { return r.brier_decomposition.*kBrierParts[i].value; });
  }
  for (std::size_t i = 0; i < kCoveragePercents.size(); ++i) {
    intervals.risks.push_back(interval(resamples, [&](const Resample& r) { return r.risks[i]; }));
  }
  for (std::size_t k = 0; k < (with_classes ? classes : 0); ++k) {
    if (check) check();
    intervals.per_class.push_back(class_intervals(resamples, k));
  }
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
