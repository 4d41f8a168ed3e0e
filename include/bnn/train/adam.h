#pragma once
// Adam (Kingma and Ba, ICLR 2015, Algorithm 1), element by element:
//
//   m = b1 m + (1 - b1) g,   v = b2 v + (1 - b2) g²,
//   p = p - a (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps),   t counted from 1.
//
// Its state is "m" and "v". It takes the gradient as one sum. The step size a is multiplied by
// scale_learning_rate_factor for the untransformed scales of posteriors.
//
// AdamW (Loshchilov and Hutter, ICLR 2019; as in Keras) first shrinks kernels, p = p - a decay p,
// apart from the gradient. Kernels are deterministic ones and the means of random ones
// (is_decayed); biases, scales and the gains of normalisation keep their size.

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
  double scale_learning_rate_factor = 1.0;
  double weight_decay = 0.0;  // AdamW
};

/// Its keys in a config: those of Adam, and those of AdamW.
AdamSpec read_adam(ObjectReader& reader);
AdamSpec read_adamw(ObjectReader& reader);

OptimizerSpec adam_optimizer(const AdamSpec& spec);

/// The factors of one step.
struct AdamStep {
  float beta_1, beta_2, epsilon;
  float rest_1, rest_2;    // 1 - b1 and 1 - b2, taken in double: in float, 1 - 0.999f is 5e-5 off
  float step_size;         // learning rate / (1 - b1^t)
  float root_correction;   // 1 / sqrt(1 - b2^t)
  float shrinkage = 0.0f;  // learning rate times decay
};

AdamStep adam_step(const AdamSpec& spec, double learning_rate, std::uint64_t t);

/// Updates parameters and moments from the gradient times `gradient_scale`.
void adam_update(const AdamStep& step, float gradient_scale, std::span<const float> gradient,
                 std::span<float> parameters, std::span<float> m, std::span<float> v);

}  // namespace bnn
