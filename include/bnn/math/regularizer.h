#pragma once
// The penalty l1 sum |x| + l2 sum x² on numbers of a variable or of a layer's output, as in Keras,
// with gradient l1 sign(x) + 2 l2 x. Pure functions, thread-safe.

#include <span>

namespace bnn {

struct Regularizer {
  double l1 = 0.0;
  double l2 = 0.0;

  bool empty() const { return l1 == 0.0 && l2 == 0.0; }
  bool operator==(const Regularizer&) const = default;
};

/// The penalty, accumulated in double.
double penalty(const Regularizer& regularizer, std::span<const float> values);

/// gradient += weight * its derivative.
void add_penalty_gradient(const Regularizer& regularizer, std::span<const float> values,
                          float weight, std::span<float> gradient);

}  // namespace bnn
