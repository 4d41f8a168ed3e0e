#include "bnn/infer/class_calibration.h"

#include <cmath>

#include "bnn/infer/calibration.h"
#include "bnn/infer/undefined.h"

namespace bnn {
namespace {

// A double of at least 2^-9 is a multiple of this unit; what smaller ones lose is below it.
constexpr double kUnitsOfOne = 0x1p62;

}  // namespace

double ClassCalibration::Bin::mean_probability() const {
  return static_cast<double>(probability) / kUnitsOfOne / static_cast<double>(examples);
}

double ClassCalibration::Bin::share_of_hits() const {
  return static_cast<double>(hits) / static_cast<double>(examples);
}

double ClassCalibration::Bin::gap() const {
  if (examples == 0) return 0;
  return static_cast<double>(examples) * std::abs(share_of_hits() - mean_probability());
}

ClassCalibration::ClassCalibration(int classes)
    : bins_(static_cast<std::size_t>(classes) * kCalibrationBins) {}

void ClassCalibration::add(const std::vector<double>& probabilities, std::size_t label) {
  for (std::size_t k = 0; k < probabilities.size(); ++k) {
    Bin& bin = bins_[k * kCalibrationBins + equal_width_bin(probabilities[k])];
    bin.probability += static_cast<std::uint64_t>(probabilities[k] * kUnitsOfOne);
    ++bin.examples;
    if (k == label) ++bin.hits;
  }
  ++examples_;
}

double ClassCalibration::class_ece() const {
  const auto classes = static_cast<double>(bins_.size() / kCalibrationBins);
  double sum = 0;
  for (const Bin& bin : bins_) sum += bin.gap();
  return sum / static_cast<double>(examples_) / classes;  // 0 / 0 is the NaN of no examples.
}

ClassFit ClassCalibration::of_class(std::size_t k) const {
  unsigned __int128 probability = 0;
  double gaps = 0;
  for (std::size_t b = 0; b < kCalibrationBins; ++b) {
    const Bin& bin = bins_[k * kCalibrationBins + b];
    probability += bin.probability;
    gaps += bin.gap();
  }
  const auto total = static_cast<double>(examples_);
  return {static_cast<double>(probability) / kUnitsOfOne / total, gaps / total};
}

BrierDecomposition ClassCalibration::decompose(double brier) const {
  if (examples_ == 0) return {kUndefined, kUndefined, kUndefined};
  const auto total = static_cast<double>(examples_);
  BrierDecomposition result;
  for (std::size_t first = 0; first < bins_.size(); first += kCalibrationBins) {
    double hits = 0;
    for (std::size_t b = first; b < first + kCalibrationBins; ++b) {
      const Bin& bin = bins_[b];
      if (bin.examples == 0) continue;
      const double gap = bin.mean_probability() - bin.share_of_hits();
      result.reliability += static_cast<double>(bin.examples) * gap * gap;
      hits += static_cast<double>(bin.hits);
    }
    result.uncertainty += hits / total * (1 - hits / total);
  }
  result.reliability /= total;
  // The sum of its three terms, without the probabilities of each example.
  result.resolution = result.reliability + result.uncertainty - brier;
  return result;
}

}  // namespace bnn
