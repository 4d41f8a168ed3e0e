#pragma once
// A fixed normal prior p(w) = Normal(loc, scale) on every element of a tensor, and the closed-form
// divergence of a normal posterior from it.

namespace bnn {

struct NormalPrior {
  double loc = 0.0;
  double scale = 1.0;
};

}  // namespace bnn
