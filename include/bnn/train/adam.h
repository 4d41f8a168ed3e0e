#pragma once
// Adam (Kingma and Ba, ICLR 2015, Algorithm 1), element by element:
//
//   m = b1 m + (1 - b1) g,   v = b2 v + (1 - b2) g²,
//   p = p - a (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps),   t counted from 1.
//
// Its state is "m" and "v". It takes the gradient as one sum.

#include <cstdint>
#include <span>

#include "bnn/train/optimizer.h"

namespace bnn {

class ObjectReader;

struct AdamSpec {
  double learning_rate = 0.001;
  double beta_1 = 0.9;
  double beta_2 = 0.999;
  double epsilon = 1e-8;
};

/// Its keys in a config.
AdamSpec read_adam(ObjectReader& reader);

OptimizerSpec adam_optimizer(const AdamSpec& spec);

/// The factors of one step.
struct AdamStep {
  float beta_1, beta_2, epsilon;
  float rest_1, rest_2;   // 1 - b1 and 1 - b2, taken in double: in float, 1 - 0.999f is 5e-5 off
  float step_size;        // learning rate / (1 - b1^t)
  float root_correction;  // 1 / sqrt(1 - b2^t)
};

AdamStep adam_step(const AdamSpec& spec, double learning_rate, std::uint64_t t);

/// Updates parameters and moments from the gradient times `gradient_scale`.
void adam_update(const AdamStep& step, float gradient_scale, std::span<const float> gradient,
                 std::span<float> parameters, std::span<float> m, std::span<float> v);

}  // namespace bnn
