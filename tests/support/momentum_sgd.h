#pragma once
// Gradient descent with momentum, in tests alone: what a second optimizer takes is a pair of files
// and a row.
//
//   velocity = momentum velocity + g,   p = p - learning rate velocity

#include <vector>

#include "bnn/train/optimizer_types.h"

namespace bnn::testing {

struct MomentumSpec {
  double learning_rate = 0.01;
  double momentum = 0.9;
};

OptimizerSpec momentum_optimizer(const MomentumSpec& spec);

/// The list of optimizers with one more row, "momentum".
std::vector<OptimizerType> types_with_momentum();

}  // namespace bnn::testing
