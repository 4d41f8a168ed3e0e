#include "bnn/infer/outlier_scores.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace bnn {

double max_logit(std::span<const float> logits) {
  return static_cast<double>(*std::max_element(logits.begin(), logits.end()));
}

double energy(std::span<const float> logits) {
  const double most = max_logit(logits);
  double sum = 0;
  for (const float f : logits) sum += std::exp(static_cast<double>(f) - most);
  return -(most + std::log(sum));
}

OutlierScorer::OutlierScorer(const ClassGaussians* gaussians) {
  if (gaussians != nullptr) distance_.emplace(*gaussians);
}

void OutlierScorer::score(const PassView& pass, std::span<float> scores) const {
  const std::size_t width = pass.outputs.size() / pass.images;
  for (std::size_t i = 0; i < pass.images; ++i) {
    const std::span<const float> logits = pass.outputs.subspan(i * width, width);
    scores[i * size()] = static_cast<float>(energy(logits));
    scores[i * size() + 1] = static_cast<float>(max_logit(logits));
  }
  if (!distance_) return;
  std::vector<double> distances(pass.images);
  distance_->compute(pass.features, distances);
  for (std::size_t i = 0; i < pass.images; ++i) {
    scores[i * size() + kLogitScores] = static_cast<float>(distances[i]);
  }
}

}  // namespace bnn
