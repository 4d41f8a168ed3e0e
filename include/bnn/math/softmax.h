#pragma once
// The softmax of one vector of logits and its negative log-likelihood, computed from z - max z so
// that no exponential overflows.

#include <span>

namespace bnn {

/// probabilities = exp(z - max) / sum of exp(z - max).
void softmax(std::span<const float> logits, std::span<float> probabilities);

/// -ln softmax(z)[label] in nats; writes scale * (softmax(z) - onehot(label)), its scaled gradient.
double cross_entropy(std::span<const float> logits, int label, float scale,
                     std::span<float> gradient);

}  // namespace bnn
