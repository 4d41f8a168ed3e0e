#pragma once
// The likelihood: the distribution p(y | f) of an example's target y, given the outputs f of the
// network.
//
// Only the likelihood knows what outputs and targets mean. Training takes -ln p(y | f) and its
// gradient from it. Prediction takes the parameters of p(y | f), which are later averaged over
// samples of the weights. Layers, model, trainer and predictor only pass outputs and targets on.
//
// Immutable, thread-safe; no function allocates.

#include <cstddef>
#include <optional>
#include <span>

#include "bnn/bayes/targets.h"

namespace bnn {

class Likelihood {
 public:
  virtual ~Likelihood() = default;

  /// How many outputs the network must give for each example.
  virtual std::size_t outputs() const = 0;

  /// Whether these targets are of the kind and width that loss expects.
  virtual bool accepts(const Targets& targets) const = 0;

  /// -ln p(y | f) of one example, in nats (for densities, of y in its own unit); writes `scale`
  /// times its gradient for f. Neither is finite if f is not.
  /// @param outputs, gradient [outputs()]; they do not overlap
  virtual double loss(std::span<const float> outputs, const Target& target, float scale,
                      std::span<float> gradient) const = 0;

  /// Whether the most probable y is the target. None if the likelihood has no right or wrong.
  virtual std::optional<bool> is_right(std::span<const float> /*outputs*/,
                                       const Target& /*target*/) const {
    return std::nullopt;
  }

  /// How many numbers describe p(y | f).
  virtual std::size_t prediction_size() const = 0;

  /// Writes these numbers, [prediction_size()]: for a classifier the probability of each class.
  virtual void predict(std::span<const float> outputs, std::span<float> prediction) const = 0;
};

}  // namespace bnn
