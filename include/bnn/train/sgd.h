#pragma once
// Gradient descent with momentum, as in Keras (Sutskever et al., ICML 2013), element by element:
//
//   v = momentum v - a g,   p = p + v;   with Nesterov's: p = p + momentum v - a g.
//
// The step size a is multiplied by scale_learning_rate_factor for the untransformed scales of
// posteriors. Its state is "velocity". It takes the gradient as one sum.

#include "bnn/train/optimizer.h"

namespace bnn {

struct SgdSpec {
  double learning_rate = 0.01;
  double momentum = 0.0;
  bool nesterov = false;
  double scale_learning_rate_factor = 1.0;
};

/// Its keys in a config.
SgdSpec read_sgd(ObjectReader& reader);

OptimizerSpec sgd_optimizer(const SgdSpec& spec);

}  // namespace bnn
