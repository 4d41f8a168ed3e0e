#include "bnn/math/softmax.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace bnn {
namespace {

struct Normalizer {
  float maximum;
  double sum;  // of exp(z - maximum)
};

// Writes exp(z - max). std::max would pass over a NaN; the sum keeps it.
Normalizer exponentials(std::span<const float> logits, std::span<float> out) {
  const float maximum = *std::max_element(logits.begin(), logits.end());
  double sum = 0.0;
  for (std::size_t k = 0; k < logits.size(); ++k) {
    out[k] = std::exp(logits[k] - maximum);
    sum += static_cast<double>(out[k]);
  }
  return {maximum, sum};
}

}  // namespace

void softmax(std::span<const float> logits, std::span<float> probabilities) {
  const Normalizer normalizer = exponentials(logits, probabilities);
  const auto share = static_cast<float>(1.0 / normalizer.sum);
  for (float& p : probabilities) p *= share;
}

double cross_entropy(std::span<const float> logits, int label, float scale,
                     std::span<float> gradient) {
  const auto y = static_cast<std::size_t>(label);
  const Normalizer normalizer = exponentials(logits, gradient);
  const auto share = static_cast<float>(1.0 / normalizer.sum);
  for (float& g : gradient) g *= share * scale;
  gradient[y] -= scale;
  return std::log(normalizer.sum) -
         (static_cast<double>(logits[y]) - static_cast<double>(normalizer.maximum));
}

double cross_entropy(std::span<const float> logits, std::span<const float> target, float scale,
                     std::span<float> gradient) {
  const Normalizer normalizer = exponentials(logits, gradient);
  const auto share = static_cast<float>(1.0 / normalizer.sum);
  const double log_sum = std::log(normalizer.sum);
  // Not 0 but NaN if an output is NaN, whatever the targets.
  double loss = 0.0 * log_sum;
  for (std::size_t k = 0; k < logits.size(); ++k) {
    gradient[k] = scale * (gradient[k] * share - target[k]);
    if (target[k] == 0.0f) continue;
    const double z = static_cast<double>(logits[k]) - static_cast<double>(normalizer.maximum);
    loss += static_cast<double>(target[k]) * (log_sum - z);
  }
  return loss;
}

double smoothed_cross_entropy(std::span<const float> logits, int label, float smoothing,
                              float scale, std::span<float> gradient) {
  const double of_label = cross_entropy(logits, label, scale, gradient);
  const auto y = static_cast<std::size_t>(label);
  const float even = smoothing / static_cast<float>(logits.size());
  double mean = 0.0;
  for (std::size_t k = 0; k < logits.size(); ++k) {
    gradient[k] -= scale * even;
    mean += static_cast<double>(logits[k]) / static_cast<double>(logits.size());
  }
  gradient[y] += scale * smoothing;
  // The classes' mean of -ln softmax(z)[k] exceeds that of the label by z[label] - mean z.
  return of_label + static_cast<double>(smoothing) * (static_cast<double>(logits[y]) - mean);
}

}  // namespace bnn
