#include "bnn/infer/calibration.h"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "bnn/infer/undefined.h"

namespace bnn {
namespace {

// Bin b lies between bound(b) and bound(b + 1).
double bound(std::size_t b) {
  return static_cast<double>(b) / static_cast<double>(kCalibrationBins);
}

double gap(const CalibrationBin& bin) { return std::abs(bin.accuracy - bin.confidence); }

void fill(CalibrationBin& bin, std::span<const ScoredPrediction> members) {
  bin.count = members.size();
  if (members.empty()) return;
  double confidence = 0;
  double correct = 0;
  for (const ScoredPrediction& member : members) {
    confidence += member.confidence;
    correct += member.correct ? 1 : 0;
  }
  const auto count = static_cast<double>(members.size());
  bin.confidence = confidence / count;
  bin.accuracy = correct / count;
}

}  // namespace

void sort_by_confidence(std::vector<ScoredPrediction>& predictions) {
  std::sort(predictions.begin(), predictions.end(),
            [](const ScoredPrediction& a, const ScoredPrediction& b) {
              return std::tie(a.confidence, a.correct) < std::tie(b.confidence, b.correct);
            });
}

std::size_t equal_width_bin(double probability) {
  const double scaled = std::ceil(probability * static_cast<double>(kCalibrationBins)) - 1;
  const double last = static_cast<double>(kCalibrationBins - 1);
  auto bin = static_cast<std::size_t>(std::clamp(scaled, 0.0, last));
  // The product may be rounded down, to a bound that the probability lies above.
  if (bin + 1 < kCalibrationBins && probability > bound(bin + 1)) ++bin;
  return bin;
}

std::vector<CalibrationBin> equal_width_bins(std::span<const ScoredPrediction> sorted) {
  std::vector<CalibrationBin> bins(kCalibrationBins);
  std::size_t begin = 0;
  for (std::size_t b = 0; b < bins.size(); ++b) {
    bins[b].lower = bound(b);
    bins[b].upper = bound(b + 1);
    // The last bin takes what rounding may have lifted above 1.
    std::size_t end = b + 1 == bins.size() ? sorted.size() : begin;
    while (end < sorted.size() && sorted[end].confidence <= bins[b].upper) ++end;
    fill(bins[b], sorted.subspan(begin, end - begin));
    begin = end;
  }
  return bins;
}

std::vector<CalibrationBin> equal_count_bins(std::span<const ScoredPrediction> sorted) {
  std::vector<CalibrationBin> bins(kCalibrationBins);
  for (std::size_t b = 0; b < bins.size(); ++b) {
    const std::size_t begin = b * sorted.size() / kCalibrationBins;
    const std::size_t end = (b + 1) * sorted.size() / kCalibrationBins;
    fill(bins[b], sorted.subspan(begin, end - begin));
    if (begin == end) continue;
    bins[b].lower = sorted[begin].confidence;
    bins[b].upper = sorted[end - 1].confidence;
  }
  return bins;
}

double expected_calibration_error(std::span<const CalibrationBin> bins) {
  double sum = 0;
  std::size_t examples = 0;
  for (const CalibrationBin& bin : bins) {
    sum += static_cast<double>(bin.count) * gap(bin);
    examples += bin.count;
  }
  if (examples == 0) return kUndefined;
  return sum / static_cast<double>(examples);
}

double maximum_calibration_error(std::span<const CalibrationBin> bins) {
  double largest = 0;
  std::size_t examples = 0;
  for (const CalibrationBin& bin : bins) {
    if (bin.count > 0) largest = std::max(largest, gap(bin));
    examples += bin.count;
  }
  return examples == 0 ? kUndefined : largest;
}

}  // namespace bnn
