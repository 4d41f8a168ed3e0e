#pragma once
// The categorical likelihood of a classifier: p(y = k | f) = softmax(f)[k].
//
// A target is a class, with the loss -ln softmax(f)[y], or a distribution t over the classes (soft
// labels, as label smoothing and mixtures of examples make them), with the cross entropy
// -sum_k t[k] ln softmax(f)[k]. The gradients are softmax(f) - onehot(y) and softmax(f) - t.
//
// With label smoothing a, a target that is a class counts as the distribution (1 - a) onehot(y) +
// a / K (Szegedy et al., CVPR 2016). Soft targets are taken as they are.
//
// With class weights w, an example's loss and gradient are multiplied by w[y], or by sum_k t[k]
// w[k]. Predictions know neither of them nor of the smoothing.

#include <utility>
#include <vector>

#include "bnn/bayes/likelihood.h"

namespace bnn {

class SoftmaxClassifier : public Likelihood {
 public:
  /// @param classes at least 1; labels lie in [0, classes)
  /// @param class_weights [classes], or empty: all are 1
  /// @param label_smoothing from 0 to below 1
  explicit SoftmaxClassifier(std::size_t classes, std::vector<float> class_weights = {},
                             float label_smoothing = 0.0f)
      : classes_(classes),
        class_weights_(std::move(class_weights)),
        label_smoothing_(label_smoothing) {}

  std::size_t outputs() const override { return classes_; }
  bool accepts(const Targets& targets) const override;
  double loss(std::span<const float> outputs, const Target& target, float scale,
              std::span<float> gradient) const override;
  /// Whether the class of the largest output is the label, or the most probable class of a soft
  /// target; of equal ones the first counts.
  std::optional<bool> is_right(std::span<const float> outputs, const Target& target) const override;
  std::size_t prediction_size() const override { return classes_; }
  /// The probability of each class.
  void predict(std::span<const float> outputs, std::span<float> prediction) const override;

 private:
  float weight_of(const Target& target) const;
  double unweighted_loss(std::span<const float> outputs, const Target& target, float scale,
                         std::span<float> gradient) const;

  std::size_t classes_;
  std::vector<float> class_weights_;
  float label_smoothing_;
};

}  // namespace bnn
