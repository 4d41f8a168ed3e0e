#include "bnn/bayes/softmax_classifier.h"

#include <algorithm>
#include <numeric>

#include "bnn/math/softmax.h"

namespace bnn {
namespace {

int largest(std::span<const float> values) {
  return static_cast<int>(std::max_element(values.begin(), values.end()) - values.begin());
}

}  // namespace

bool SoftmaxClassifier::accepts(const Targets& targets) const {
  return targets.width() == 0 || targets.width() == classes_;
}

double SoftmaxClassifier::loss(std::span<const float> outputs, const Target& target, float scale,
                               std::span<float> gradient) const {
  const float weight = weight_of(target);
  return static_cast<double>(weight) * unweighted_loss(outputs, target, scale * weight, gradient);
}

double SoftmaxClassifier::unweighted_loss(std::span<const float> outputs, const Target& target,
                                          float scale, std::span<float> gradient) const {
  if (!target.values.empty()) return cross_entropy(outputs, target.values, scale, gradient);
  if (label_smoothing_ == 0.0f) return cross_entropy(outputs, target.label, scale, gradient);
  return smoothed_cross_entropy(outputs, target.label, label_smoothing_, scale, gradient);
}

float SoftmaxClassifier::weight_of(const Target& target) const {
  if (class_weights_.empty()) return 1.0f;
  if (target.values.empty()) return class_weights_[static_cast<std::size_t>(target.label)];
  return std::inner_product(target.values.begin(), target.values.end(), class_weights_.begin(),
                            0.0f);
}

std::optional<bool> SoftmaxClassifier::is_right(std::span<const float> outputs,
                                                const Target& target) const {
  return largest(outputs) == (target.values.empty() ? target.label : largest(target.values));
}

void SoftmaxClassifier::predict(std::span<const float> outputs, std::span<float> prediction) const {
  softmax(outputs, prediction);
}

}  // namespace bnn
