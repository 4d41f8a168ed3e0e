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

/// The same for a distribution over the classes: -sum_k target[k] ln softmax(z)[k] and scale *
/// (softmax(z) - target). A class with target 0 adds nothing.
/// @param target [classes], not negative, of sum 1
double cross_entropy(std::span<const float> logits, std::span<const float> target, float scale,
                     std::span<float> gradient);

/// The same for the label smoothed by a: 1 - a of the target is the label, a is spread over all K
/// classes, target[k] = (1 - a) onehot(label)[k] + a / K.
double smoothed_cross_entropy(std::span<const float> logits, int label, float smoothing,
                              float scale, std::span<float> gradient);

}  // namespace bnn
