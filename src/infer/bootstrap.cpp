#include "bnn/infer/bootstrap.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <tuple>
#include <vector>

#include "bnn/core/random.h"

namespace bnn {
namespace {

constexpr std::size_t kLanes = 8;  // resamples of one group, computed together
constexpr std::size_t kMaxTimesBytes = std::size_t{256} << 20;
constexpr double kLower = 0.025, kUpper = 0.975;
constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();

/// One number for each resample of a group.
using Lanes = std::array<double, kLanes>;

struct GroupValues {
  Lanes accuracy{}, nll{}, brier{}, ece{}, adaptive_ece{}, mce{}, class_ece{}, aurc{};
  Lanes predictive_entropy{}, expected_entropy{}, mutual_information{};
};

struct Scalar {
  Lanes GroupValues::*values;
  Interval MetricIntervals::*interval;
};

constexpr std::array<Scalar, 11> kScalars = {{
    {&GroupValues::accuracy, &MetricIntervals::accuracy},
    {&GroupValues::nll, &MetricIntervals::nll},
    {&GroupValues::brier, &MetricIntervals::brier},
    {&GroupValues::ece, &MetricIntervals::ece},
    {&GroupValues::adaptive_ece, &MetricIntervals::adaptive_ece},
    {&GroupValues::mce, &MetricIntervals::mce},
    {&GroupValues::class_ece, &MetricIntervals::class_ece},
    {&GroupValues::aurc, &MetricIntervals::aurc},
    {&GroupValues::predictive_entropy, &MetricIntervals::predictive_entropy},
    {&GroupValues::expected_entropy, &MetricIntervals::expected_entropy},
    {&GroupValues::mutual_information, &MetricIntervals::mutual_information},
}};

// The examples in the order of the draws, and what resamples need of them.
struct Examples {
  std::vector<ExampleRecord> records;  // ascending by confidence
  std::size_t classes = 0;             // 0 if there are no class probabilities
  std::vector<float> class_gaps;       // [examples][classes]: 1[k = label] - p_k
  std::vector<std::uint8_t> class_bins;
  std::vector<double> harmonic;  // element n is the sum of 1 / k over k = 1 … n

  std::size_t size() const { return records.size(); }
  double count() const { return static_cast<double>(records.size()); }
};

auto sort_key(const ExampleRecord& r) {
  return std::make_tuple(r.confidence, r.correct(), r.nll, r.brier, r.predictive_entropy,
                         r.expected_entropy, r.mutual_information, r.label, r.predicted);
}

std::vector<std::size_t> sorted_order(const MetricsCollector& collector, std::size_t classes) {
  const std::span<const ExampleRecord> records = collector.records();
  const auto row = [&](std::size_t i) {
    return collector.probabilities().subspan(i * classes, classes);
  };
  std::vector<std::size_t> order(records.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    const auto first = sort_key(records[a]), second = sort_key(records[b]);
    if (first != second) return first < second;
    return std::lexicographical_compare(row(a).begin(), row(a).end(), row(b).begin(), row(b).end());
  });
  return order;
}

Examples prepare(const MetricsCollector& collector) {
  const std::span<const ExampleRecord> records = collector.records();
  Examples examples;
  examples.classes = collector.probabilities().size() / records.size();
  examples.records.reserve(records.size());
  examples.class_gaps.reserve(collector.probabilities().size());
  examples.class_bins.reserve(collector.probabilities().size());
  for (const std::size_t i : sorted_order(collector, examples.classes)) {
    examples.records.push_back(records[i]);
    for (std::size_t k = 0; k < examples.classes; ++k) {
      const float p = collector.probabilities()[i * examples.classes + k];
      const bool is_label = k == static_cast<std::size_t>(records[i].label);
      examples.class_gaps.push_back((is_label ? 1.0f : 0.0f) - p);
      examples.class_bins.push_back(
          static_cast<std::uint8_t>(equal_width_bin(static_cast<double>(p))));
    }
  }
  examples.harmonic.assign(records.size() + 1, 0.0);
  for (std::size_t n = 1; n <= records.size(); ++n) {
    examples.harmonic[n] = examples.harmonic[n - 1] + 1 / static_cast<double>(n);
  }
  return examples;
}

// How often each example is in each resample of a group: [examples][kLanes]. Floats, since they
// are multiplied with lanes of numbers; whole numbers up to 2^24 are exact.
void draw_times(const BootstrapSpec& spec, std::size_t group, std::size_t examples,
                std::vector<float>& times) {
  std::fill(times.begin(), times.end(), 0.0f);
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    const Stream stream{.seed = spec.seed,
                        .site = Site::bootstrap,
                        .step = static_cast<std::uint32_t>(group * kLanes + lane)};
    for (std::size_t i = 0; i < examples; ++i) {
      const std::uint32_t drawn = random_below(stream, i, static_cast<std::uint32_t>(examples));
      times[drawn * kLanes + lane] += 1.0f;
    }
  }
}

void add(const float* times, double value, Lanes& sums) {
  for (std::size_t l = 0; l < kLanes; ++l) sums[l] += static_cast<double>(times[l]) * value;
}

void add_means(const Examples& examples, const std::vector<float>& times, GroupValues& values) {
  for (std::size_t i = 0; i < examples.size(); ++i) {
    const ExampleRecord& record = examples.records[i];
    const float* own = times.data() + i * kLanes;
    add(own, record.correct() ? 1 : 0, values.accuracy);
    add(own, record.nll, values.nll);
    add(own, record.brier, values.brier);
    add(own, record.predictive_entropy, values.predictive_entropy);
    add(own, record.expected_entropy, values.expected_entropy);
    add(own, record.mutual_information, values.mutual_information);
  }
  for (Lanes* sums : {&values.accuracy, &values.nll, &values.brier, &values.predictive_entropy,
                      &values.expected_entropy, &values.mutual_information}) {
    for (double& sum : *sums) sum /= examples.count();
  }
}

// The gap of a bin, times its examples, is the absolute sum of (outcome - probability) over them.
void add_equal_width(const Examples& examples, const std::vector<float>& times,
                     GroupValues& values) {
  std::array<Lanes, kCalibrationBins> gaps{}, counts{};
  for (std::size_t i = 0; i < examples.size(); ++i) {
    const ExampleRecord& record = examples.records[i];
    const float* own = times.data() + i * kLanes;
    const std::size_t bin = equal_width_bin(record.confidence);
    add(own, (record.correct() ? 1 : 0) - record.confidence, gaps[bin]);
    add(own, 1, counts[bin]);
  }
  for (std::size_t b = 0; b < kCalibrationBins; ++b) {
    for (std::size_t l = 0; l < kLanes; ++l) {
      if (counts[b][l] == 0) continue;
      const double gap = std::abs(gaps[b][l]);
      values.ece[l] += gap / examples.count();
      values.mce[l] = std::max(values.mce[l], gap / counts[b][l]);
    }
  }
}

void add_class_ece(const Examples& examples, const std::vector<float>& times, GroupValues& values) {
  if (examples.classes == 0) {
    values.class_ece.fill(kUndefined);
    return;
  }
  std::vector<Lanes> gaps(examples.classes * kCalibrationBins, Lanes{});
  for (std::size_t i = 0; i < examples.size(); ++i) {
    const float* own = times.data() + i * kLanes;
    const std::size_t row = i * examples.classes;
    for (std::size_t k = 0; k < examples.classes; ++k) {
      add(own, static_cast<double>(examples.class_gaps[row + k]),
          gaps[k * kCalibrationBins + examples.class_bins[row + k]]);
    }
  }
  const double scale = examples.count() * static_cast<double>(examples.classes);
  for (const Lanes& gap : gaps) {
    for (std::size_t l = 0; l < kLanes; ++l) values.class_ece[l] += std::abs(gap[l]) / scale;
  }
}

// Bin b of a resample ends at its sorted example floor((b + 1) N / 15); copies of one example may
// lie on both sides.
double adaptive_ece(const Examples& examples, const float* times) {
  const std::size_t total = examples.size();
  const auto end_of = [&](std::size_t bin) { return (bin + 1) * total / kCalibrationBins; };
  double sum = 0, gap = 0;
  std::size_t bin = 0, seen = 0;
  for (std::size_t i = 0; i < total; ++i) {
    const ExampleRecord& record = examples.records[i];
    auto left = static_cast<std::size_t>(times[i * kLanes]);
    while (left > 0) {
      while (end_of(bin) == seen) ++bin;  // It is full, or holds nothing.
      const std::size_t taken = std::min(left, end_of(bin) - seen);
      gap += static_cast<double>(taken) * ((record.correct() ? 1 : 0) - record.confidence);
      seen += taken;
      left -= taken;
      if (seen < end_of(bin)) continue;
      sum += std::abs(gap);
      gap = 0;
    }
  }
  return sum / examples.count();
}

// Where t predictions of equal confidence with e errors follow c predictions with E errors, their
// risks add up to the sum over j = 1 … t of (E + e j / t) / (c + j)
//   = e + (E - c e / t) (H(c + t) - H(c)),   H(n) = 1 + 1/2 + … + 1/n.
double aurc(const Examples& examples, const float* times) {
  double area = 0, errors = 0;
  std::size_t covered = 0;
  for (std::size_t end = examples.size(); end > 0;) {
    const double confidence = examples.records[end - 1].confidence;
    double tied_errors = 0;
    std::size_t tied = 0;
    for (; end > 0 && examples.records[end - 1].confidence == confidence; --end) {
      const float copies = times[(end - 1) * kLanes];
      tied += static_cast<std::size_t>(copies);
      if (!examples.records[end - 1].correct()) tied_errors += static_cast<double>(copies);
    }
    if (tied == 0) continue;
    const double before = static_cast<double>(covered) / static_cast<double>(tied);
    area += tied_errors + (errors - before * tied_errors) *
                              (examples.harmonic[covered + tied] - examples.harmonic[covered]);
    errors += tied_errors;
    covered += tied;
  }
  return area / examples.count();
}

GroupValues evaluate_group(const Examples& examples, const std::vector<float>& times) {
  GroupValues values;
  add_means(examples, times, values);
  add_equal_width(examples, times, values);
  add_class_ece(examples, times, values);
  for (std::size_t l = 0; l < kLanes; ++l) {
    values.adaptive_ece[l] = adaptive_ece(examples, times.data() + l);
    values.aurc[l] = aurc(examples, times.data() + l);
  }
  return values;
}

std::vector<GroupValues> evaluate_resamples(const Examples& examples, const BootstrapSpec& spec,
                                            ThreadPool& pool) {
  const std::size_t groups = (spec.resamples + kLanes - 1) / kLanes;
  const std::size_t size = examples.size() * kLanes;
  const std::size_t slots = std::clamp(kMaxTimesBytes / (size * sizeof(float)), std::size_t{1},
                                       std::min(groups, static_cast<std::size_t>(pool.size())));
  std::vector<std::vector<float>> times(slots, std::vector<float>(size));
  std::vector<GroupValues> values(groups);
  for (std::size_t first = 0; first < groups; first += slots) {
    pool.run(std::min(slots, groups - first), [&](std::size_t slot, int) {
      draw_times(spec, first + slot, examples.size(), times[slot]);
      values[first + slot] = evaluate_group(examples, times[slot]);
    });
  }
  return values;
}

Interval interval_of(const std::vector<GroupValues>& groups, std::size_t resamples,
                     Lanes GroupValues::*member) {
  std::vector<double> values;
  values.reserve(resamples);
  for (std::size_t r = 0; r < resamples; ++r) {
    values.push_back((groups[r / kLanes].*member)[r % kLanes]);
  }
  if (std::isnan(values.front())) return {kUndefined, kUndefined};
  std::sort(values.begin(), values.end());
  return {quantile(values, kLower), quantile(values, kUpper)};
}

}  // namespace

MetricIntervals bootstrap_intervals(const MetricsCollector& collector, const BootstrapSpec& spec,
                                    ThreadPool& pool) {
  MetricIntervals intervals;
  if (collector.examples() == 0 || spec.resamples == 0) {
    for (const Scalar& scalar : kScalars) intervals.*scalar.interval = {kUndefined, kUndefined};
    return intervals;
  }
  const Examples examples = prepare(collector);
  const std::vector<GroupValues> groups = evaluate_resamples(examples, spec, pool);
  for (const Scalar& scalar : kScalars) {
    intervals.*scalar.interval = interval_of(groups, spec.resamples, scalar.values);
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
