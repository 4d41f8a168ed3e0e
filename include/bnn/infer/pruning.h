#pragma once
// Pruning by signal-to-noise ratio: the random weights of the whole network in the order of
// |mu| / sigma, of which those with the lowest ratio are removed (Graves, NIPS 2011; Blundell et
// al., "Weight Uncertainty in Neural Networks", ICML 2015).
//
// A removed weight is 0 without noise: its mean becomes 0, and its scale 2^-23, the smallest that
// the parameterisation can express (sigma = 2^-23 + softplus(u) with u = -100). Weights without a
// scale, such as singular biases, stay. Thread-safe once constructed.

#include <cstddef>
#include <vector>

#include "bnn/bayes/parameter_layout.h"
#include "bnn/core/aligned_array.h"

namespace bnn {

class PruningOrder {
 public:
  /// Ranks the random weights; of equal ratios the one that comes first in the layout goes first.
  PruningOrder(const ParameterLayout& layout, const AlignedArray& parameters);

  /// The number of random weights.
  std::size_t size() const { return order_.size(); }
  /// How many weights a share (0 to 1) comes to, rounded to the nearest.
  std::size_t count(double share) const;

  /// Removes the first `count` weights from parameters of the layout.
  void prune(std::size_t count, AlignedArray& parameters) const;

 private:
  struct Weight {
    std::size_t loc, untransformed_scale;  // positions in the flat array
    double signal_to_noise;
  };

  std::vector<Weight> order_;
};

}  // namespace bnn
