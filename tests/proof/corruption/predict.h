#pragma once
// A prediction of a few images with all that bnn-predict makes of it.

#include <cmath>
#include <fmt/format.h>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

#include "bnn/checkpoint/calibration_use.h"
#include "bnn/checkpoint/ensemble.h"
#include "bnn/infer/class_summaries.h"
#include "bnn/infer/ensemble_predictor.h"
#include "bnn/infer/outlier_scores.h"
#include "refusal.h"

namespace bnn::proof {

constexpr std::size_t kImages = 3;
constexpr std::size_t kMostMemory = std::size_t{64} << 20;  // of a prediction that is tried

inline Dataset some_images(const ModelCheckpoint& model) {
  const Shape& shape = model.config.model.input;
  RawImages images;
  images.pixels.resize(kImages * shape.size());
  for (std::size_t i = 0; i < images.pixels.size(); ++i) {
    images.pixels[i] = static_cast<std::uint8_t>(i * 37 % 256);
  }
  std::vector<std::uint32_t> names(kImages);
  std::iota(names.begin(), names.end(), 0u);
  return Dataset(shape, model.graph.outputs(), std::move(images), names);
}

/// What is wrong with a summary of an image, or "".
inline std::string fault_of(const Summary& summary) {
  double sum = 0;
  for (const double p : summary.probabilities) sum += p;
  for (const double number :
       {sum, summary.confidence, summary.predictive_entropy, summary.expected_entropy,
        summary.mutual_information, summary.variation_ratio, summary.energy, summary.max_logit}) {
    if (!std::isfinite(number)) return "a prediction holds numbers that are not finite";
  }
  return std::abs(sum - 1) < 1e-3 ? "" : fmt::format("probabilities add up to {}", sum);
}

/// Throws Error(numerical) where numbers are not finite.
/// @param gaussians of the features, or null
inline Verdict predict(const std::vector<ModelCheckpoint>& models,
                       const AppliedCalibration& calibration = {},
                       const ClassGaussians* gaussians = nullptr) {
  for (const ModelCheckpoint& model : models) {
    if (Predictor::bytes(model.graph, 1) > kMostMemory) return {End::too_large};
  }
  ThreadPool pool(1);
  const OutlierScorer scorer(gaussians);
  SampleOptions two;
  two.samples = 2;
  std::vector<EnsembleMember> members = ensemble_members(models, two, calibration.temperature);
  for (EnsembleMember& member : members) member.scorer = &scorer;
  EnsemblePredictor predictor(*models.front().likelihood, members, pool);
  const Dataset data = some_images(models.front());
  std::vector<std::uint32_t> chosen(kImages);
  std::iota(chosen.begin(), chosen.end(), 0u);
  Verdict verdict{End::accepted};
  predictor.predict(data, chosen, [&](const PredictedBlock& block) {
    for (const Summary& summary : summaries_of(block, pool)) {
      if (verdict.wrong.empty()) verdict.wrong = fault_of(summary);
      if (!calibration.conformal) continue;
      const auto set = prediction_set(*calibration.conformal, summary.probabilities);
      if (set.size() > summary.probabilities.size()) verdict.wrong = "a set of too many classes";
    }
  });
  return verdict;
}

}  // namespace bnn::proof
