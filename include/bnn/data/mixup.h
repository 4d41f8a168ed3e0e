#pragma once
// Mixup (Zhang, Cissé, Dauphin and Lopez-Paz, ICLR 2018): in place of an example stands a mixture
// with another one,
//
//   x = s x1 + (1 - s) x2,   loss = s loss(y1) + (1 - s) loss(y2),
//
// whose share s comes from Beta(alpha, alpha). Of s and 1 - s the example itself gets the larger
// part: the distribution of mixtures is symmetric, and so an epoch still visits every example.
//
// Thread-safe: no state, nothing is allocated.

#include <cstdint>

#include "bnn/core/random.h"

namespace bnn {

/// What one example is mixed with in one step.
struct Mixture {
  std::uint32_t partner;  // dataset index; may be the example itself
  float share;            // of the example, from 1/2 to 1
};

/// A number of the distribution Beta(alpha, alpha), made from words 0, 1, … of the stream.
///
/// A uniform point of the unit disc gives the cosine c of its direction and the square of its
/// radius w, which is uniform. With q = w^(1 / alpha), t = c sqrt(2 alpha (1 - q) / q) has
/// Student's distribution with 2 alpha degrees of freedom (Bailey, Math. Comp. 62, 1994), and (1 +
/// t / sqrt(2 alpha + t^2)) / 2 has Beta(alpha, alpha) (Devroye, WSC 1996).
/// @param alpha above 0
double symmetric_beta(const Stream& stream, double alpha);

/// The share of the example that a stream names: the larger part.
float mixture_share(const Stream& stream, double alpha);

}  // namespace bnn
