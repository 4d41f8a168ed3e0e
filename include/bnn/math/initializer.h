#pragma once
// How a variable gets its first values. The names and definitions are those of TensorFlow.
//
// fan_in of a kernel is the product of all its dimensions but the last, fan_out the receptive field
// times the last; a vector of n has both fans n. Variance-scaling distributions: he_normal is a
// truncated normal of variance 2 / fan_in (He et al., 2015); glorot_normal one of variance
// 2 / (fan_in + fan_out); glorot_uniform is uniform on ±sqrt(6 / (fan_in + fan_out)) (Glorot and
// Bengio, 2010). Truncated normals are cut at two standard deviations.

#include <cstdint>
#include <span>
#include <vector>

#include "bnn/core/random.h"

namespace bnn {

struct Initializer {
  enum class Kind {
    random_normal,     // a = mean, b = standard deviation
    truncated_normal,  // a = mean, b = standard deviation before the cut
    he_normal,
    glorot_uniform,
    glorot_normal,
    constant,  // a = value
  };
  Kind kind = Kind::constant;
  double a = 0.0;
  double b = 0.0;

  bool operator==(const Initializer&) const = default;
};

/// Overwrites `values`, a variable of the given shape, with elements 0, 1, … of the stream.
void initialize(const Initializer& initializer, const std::vector<std::int64_t>& shape,
                const Stream& stream, std::span<float> values);

}  // namespace bnn
