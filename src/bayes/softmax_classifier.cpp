#include "bnn/bayes/softmax_classifier.h"

#include <algorithm>

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
  if (!target.values.empty()) return cross_entropy(outputs, target.values, scale, gradient);
  return cross_entropy(outputs, target.label, scale, gradient);
}

std::optional<bool> SoftmaxClassifier::is_right(std::span<const float> outputs,
                                                const Target& target) const {
  return largest(outputs) == (target.values.empty() ? target.label : largest(target.values));
}

void SoftmaxClassifier::predict(std::span<const float> outputs, std::span<float> prediction) const {
  softmax(outputs, prediction);
}

}  // namespace bnn
