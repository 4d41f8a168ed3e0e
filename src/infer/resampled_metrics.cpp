#include "bnn/infer/resampled_metrics.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <tuple>

#include "bnn/infer/smooth_calibration.h"
#include "bnn/infer/undefined.h"

namespace bnn {
namespace {

using Lanes = ResampledMetrics::Lanes;
using Results = ResampledMetrics::Results;

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

// Of kCoveragePercents.
constexpr std::size_t kEightyPercent = 2;
static_assert(kCoveragePercents[kEightyPercent] == 80);

void add(const float* times, double value, Lanes& sums) {
  for (std::size_t l = 0; l < kResampleLanes; ++l) sums[l] += static_cast<double>(times[l]) * value;
}

}  // namespace

ResampledMetrics::ResampledMetrics(const MetricsCollector& collector, bool with_classes)
    : classes_(collector.classes()), with_classes_(with_classes) {
  const std::span<const ExampleRecord> records = collector.records();
  const std::span<const float> probabilities = collector.probabilities();
  const std::size_t classes = probabilities.empty() ? 0 : static_cast<std::size_t>(classes_);
  records_.reserve(records.size());
  class_gaps_.reserve(probabilities.size());
  class_bins_.reserve(probabilities.size());
  std::vector<float> sorted_probabilities;
  std::vector<int> sorted_labels;
  for (const std::size_t i : sorted_order(collector, classes)) {
    records_.push_back(records[i]);
    sorted_labels.push_back(records[i].label);
    for (std::size_t k = 0; k < classes; ++k) {
      const float p = probabilities[i * classes + k];
      sorted_probabilities.push_back(p);
      const bool is_label = k == static_cast<std::size_t>(records[i].label);
      class_gaps_.push_back((is_label ? 1.0f : 0.0f) - p);
      class_bins_.push_back(static_cast<std::uint8_t>(equal_width_bin(static_cast<double>(p))));
    }
  }
  if (classes > 0) class_ranks_.emplace(std::move(sorted_labels), sorted_probabilities, classes);
  harmonic_.assign(records.size() + 1, 0.0);
  for (std::size_t n = 1; n <= records.size(); ++n) {
    harmonic_[n] = harmonic_[n - 1] + 1 / static_cast<double>(n);
  }
}

Results ResampledMetrics::evaluate(std::span<const float> times) const {
  Results results;
  add_means(times, results);
  add_equal_width(times, results);
  add_classes(times, results);
  add_class_calibration(times, results);
  add_class_ranks(times, results);
  add_smooth_calibration(times, results);
  for (std::size_t l = 0; l < kResampleLanes; ++l) {
    results[l].adaptive_ece = adaptive_ece(times.data() + l);
    add_ranked(times.data() + l, results[l]);
  }
  return results;
}

void ResampledMetrics::add_means(std::span<const float> times, Results& results) const {
  Lanes correct{}, nll{}, brier{}, predictive{}, expected{}, mutual{};
  for (std::size_t i = 0; i < records_.size(); ++i) {
    const ExampleRecord& record = records_[i];
    const float* own = times.data() + i * kResampleLanes;
    add(own, record.correct() ? 1 : 0, correct);
    add(own, record.nll, nll);
    add(own, record.brier, brier);
    add(own, record.predictive_entropy, predictive);
    add(own, record.expected_entropy, expected);
    add(own, record.mutual_information, mutual);
  }
  for (std::size_t l = 0; l < kResampleLanes; ++l) {
    results[l].accuracy = correct[l] / count();
    results[l].nll = nll[l] / count();
    results[l].brier = brier[l] / count();
    results[l].predictive_entropy = predictive[l] / count();
    results[l].expected_entropy = expected[l] / count();
    results[l].mutual_information = mutual[l] / count();
  }
}

// The gap of a bin, times its examples, is the absolute sum of (outcome - probability) over them.
void ResampledMetrics::add_equal_width(std::span<const float> times, Results& results) const {
  std::array<Lanes, kCalibrationBins> gaps{}, counts{};
  for (std::size_t i = 0; i < records_.size(); ++i) {
    const ExampleRecord& record = records_[i];
    const float* own = times.data() + i * kResampleLanes;
    const std::size_t bin = equal_width_bin(record.confidence);
    add(own, (record.correct() ? 1 : 0) - record.confidence, gaps[bin]);
    add(own, 1, counts[bin]);
  }
  for (std::size_t b = 0; b < kCalibrationBins; ++b) {
    for (std::size_t l = 0; l < kResampleLanes; ++l) {
      if (counts[b][l] == 0) continue;
      const double gap = std::abs(gaps[b][l]);
      results[l].ece += gap / count();
      results[l].mce = std::max(results[l].mce, gap / counts[b][l]);
    }
  }
}

// Also the uncertainty of the labels, which is a matter of their shares alone.
void ResampledMetrics::add_classes(std::span<const float> times, Results& results) const {
  const auto classes = static_cast<std::size_t>(classes_);
  std::vector<Lanes> labelled(classes, Lanes{}), predicted(labelled), found(labelled);
  for (std::size_t i = 0; i < records_.size(); ++i) {
    const ExampleRecord& record = records_[i];
    const float* own = times.data() + i * kResampleLanes;
    add(own, 1, labelled[static_cast<std::size_t>(record.label)]);
    add(own, 1, predicted[static_cast<std::size_t>(record.predicted)]);
    if (record.correct()) add(own, 1, found[static_cast<std::size_t>(record.label)]);
  }
  for (std::size_t l = 0; l < kResampleLanes; ++l) {
    if (with_classes_) results[l].per_class.reserve(classes);
    MeanOfDefined recalls, f1;
    for (std::size_t k = 0; k < classes; ++k) {
      const double share = labelled[k][l] / count();
      results[l].brier_decomposition.uncertainty += share * (1 - share);
      recalls.add(ratio(found[k][l], labelled[k][l]));
      f1.add(ratio(2 * found[k][l], labelled[k][l] + predicted[k][l]));
      if (!with_classes_) continue;
      const double wrong = labelled[k][l] + predicted[k][l] - 2 * found[k][l];
      results[l].per_class.push_back({.accuracy = 1 - wrong / count(),
                                      .precision = ratio(found[k][l], predicted[k][l]),
                                      .recall = ratio(found[k][l], labelled[k][l]),
                                      .auroc = kUndefined});
    }
    results[l].balanced_accuracy = recalls.value();
    results[l].macro_f1 = f1.value();
  }
}

// After add_means and add_classes: the resolution is what the other parts of the Brier score leave.
void ResampledMetrics::add_class_calibration(std::span<const float> times, Results& results) const {
  if (class_gaps_.empty()) {
    for (Resample& result : results) {
      result.class_ece = kUndefined;
      result.brier_decomposition.reliability = kUndefined;
      result.brier_decomposition.resolution = kUndefined;
    }
    return;
  }
  const auto classes = static_cast<std::size_t>(classes_);
  std::vector<Lanes> gaps(classes * kCalibrationBins, Lanes{}), counts(gaps);
  for (std::size_t i = 0; i < records_.size(); ++i) {
    const float* own = times.data() + i * kResampleLanes;
    const std::size_t row = i * classes;
    for (std::size_t k = 0; k < classes; ++k) {
      const std::size_t bin = k * kCalibrationBins + class_bins_[row + k];
      add(own, static_cast<double>(class_gaps_[row + k]), gaps[bin]);
      add(own, 1, counts[bin]);
    }
  }
  const double scale = count() * static_cast<double>(classes);
  for (std::size_t l = 0; l < kResampleLanes; ++l) {
    BrierDecomposition& parts = results[l].brier_decomposition;
    for (std::size_t b = 0; b < gaps.size(); ++b) {
      if (counts[b][l] == 0) continue;
      results[l].class_ece += std::abs(gaps[b][l]) / scale;
      parts.reliability += gaps[b][l] * gaps[b][l] / (counts[b][l] * count());
    }
    parts.resolution = parts.reliability + parts.uncertainty - results[l].brier;
  }
}

// After add_classes.
void ResampledMetrics::add_class_ranks(std::span<const float> times, Results& results) const {
  std::array<MeanOfDefined, kResampleLanes> means;
  for (std::size_t k = 0; class_ranks_ && k < class_ranks_->classes(); ++k) {
    const Lanes auroc = class_ranks_->auroc<kResampleLanes>(k, times.data());
    for (std::size_t l = 0; l < kResampleLanes; ++l) {
      means[l].add(auroc[l]);
      if (with_classes_) results[l].per_class[k].auroc = auroc[l];
    }
  }
  for (std::size_t l = 0; l < kResampleLanes; ++l) results[l].macro_auroc = means[l].value();
}

void ResampledMetrics::add_smooth_calibration(std::span<const float> times,
                                              Results& results) const {
  std::array<ResidualGrid, kResampleLanes> grids;
  for (std::size_t i = 0; i < records_.size(); ++i) {
    const double confidence = records_[i].confidence;
    const double residual = (records_[i].correct() ? 1 : 0) - confidence;
    for (std::size_t l = 0; l < kResampleLanes; ++l) {
      grids[l].add(confidence, residual, static_cast<double>(times[i * kResampleLanes + l]));
    }
  }
  for (std::size_t l = 0; l < kResampleLanes; ++l) {
    results[l].smooth_ece = grids[l].smooth_calibration_error(count());
  }
}

// Bin b of a resample ends at its sorted example floor((b + 1) N / 15); copies of one example may
// lie on both sides.
double ResampledMetrics::adaptive_ece(const float* times) const {
  const std::size_t total = records_.size();
  const auto end_of = [&](std::size_t bin) { return (bin + 1) * total / kCalibrationBins; };
  double sum = 0, gap = 0;
  std::size_t bin = 0, seen = 0;
  for (std::size_t i = 0; i < total; ++i) {
    const ExampleRecord& record = records_[i];
    auto left = static_cast<std::size_t>(times[i * kResampleLanes]);
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
  return sum / count();
}

// Where t predictions of equal confidence with e errors follow c predictions with E errors, the
// risk at c + j is (E + e j / t) / (c + j), and the t risks add up to
//   e + (E - c e / t) (H(c + t) - H(c)),   H(n) = 1 + 1/2 + … + 1/n.
// The errors at c + j add up to t E + e (t + 1) / 2.
void ResampledMetrics::add_ranked(const float* times, Resample& result) const {
  double area = 0, generalized_area = 0, errors = 0;
  std::size_t covered = 0, allowed = 0;
  for (std::size_t end = records_.size(); end > 0;) {
    const double confidence = records_[end - 1].confidence;
    double tied_errors = 0;
    std::size_t tied = 0;
    for (; end > 0 && records_[end - 1].confidence == confidence; --end) {
      const float copies = times[(end - 1) * kResampleLanes];
      tied += static_cast<std::size_t>(copies);
      if (!records_[end - 1].correct()) tied_errors += static_cast<double>(copies);
    }
    if (tied == 0) continue;
    const double rate = tied_errors / static_cast<double>(tied);
    area += tied_errors + (errors - static_cast<double>(covered) * rate) *
                              (harmonic_[covered + tied] - harmonic_[covered]);
    generalized_area +=
        static_cast<double>(tied) * errors + tied_errors * (static_cast<double>(tied) + 1) / 2;
    for (std::size_t j = tied; j > 0; --j) {
      const auto kept = static_cast<double>(covered + j);
      if (!is_allowed_risk(errors + rate * static_cast<double>(j), kept)) continue;
      allowed = covered + j;
      break;
    }
    while (result.risks.size() < kCoveragePercents.size()) {
      const std::size_t percent = kCoveragePercents[result.risks.size()];
      const std::size_t kept = predictions_covered(percent, records_.size());
      if (kept > covered + tied) break;
      const double risk = (errors + static_cast<double>(kept - covered) * rate);
      result.risks.push_back(risk / static_cast<double>(kept));
    }
    errors += tied_errors;
    covered += tied;
  }
  result.aurc = area / count();
  result.augrc = generalized_area / (count() * count());
  result.coverage_at_5_risk = static_cast<double>(allowed) / count();
  result.risk_at_80_coverage = result.risks[kEightyPercent];
}

}  // namespace bnn
