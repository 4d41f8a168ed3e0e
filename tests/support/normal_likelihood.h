#pragma once
// A likelihood for regression: y of D real numbers, each normal with a mean and a variance that the
// network gives, D means and then the D logarithms of the variances.
//
//   -ln p(y | f) = sum_d (y_d - m_d)² / (2 v_d) + (ln v_d) / 2 + (ln 2 pi) / 2
//
// A prediction is D means and D variances.

#include <cmath>
#include <numbers>

#include "bnn/bayes/likelihood.h"

namespace bnn::testing {

class NormalLikelihood : public Likelihood {
 public:
  explicit NormalLikelihood(std::size_t size) : size_(size) {}

  std::size_t outputs() const override { return 2 * size_; }
  bool accepts(const Targets& targets) const override { return targets.width() == size_; }

  double loss(std::span<const float> outputs, const Target& target, float scale,
              std::span<float> gradient) const override {
    double loss = 0.0;
    for (std::size_t d = 0; d < size_; ++d) {
      const double log_variance = static_cast<double>(outputs[size_ + d]);
      const double error = static_cast<double>(target.values[d]) - static_cast<double>(outputs[d]);
      const double precision = std::exp(-log_variance);
      loss += (error * error * precision + log_variance + std::log(2 * std::numbers::pi)) / 2;
      gradient[d] = scale * static_cast<float>(-error * precision);
      gradient[size_ + d] = scale * static_cast<float>((1 - error * error * precision) / 2);
    }
    return loss;
  }

  std::size_t prediction_size() const override { return 2 * size_; }
  void predict(std::span<const float> outputs, std::span<float> prediction) const override {
    for (std::size_t d = 0; d < size_; ++d) {
      prediction[d] = outputs[d];
      prediction[size_ + d] = std::exp(outputs[size_ + d]);
    }
  }

 private:
  std::size_t size_;
};

}  // namespace bnn::testing
