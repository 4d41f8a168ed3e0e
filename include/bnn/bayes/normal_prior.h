#pragma once
// A fixed normal prior p(w) = Normal(loc, scale) on every element of a tensor. mean_field_normal.h
// has the divergence of a posterior from it.

namespace bnn {

struct NormalPrior {
  double loc = 0.0;
  double scale = 1.0;
};

}  // namespace bnn
