#include "bnn/math/initializer.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace bnn {
namespace {

struct Fans {
  double in, out;
};

Fans fans_of(const std::vector<std::int64_t>& shape) {
  if (shape.size() < 2) {
    const double size = shape.empty() ? 1.0 : static_cast<double>(shape[0]);
    return {size, size};
  }
  double receptive_field = 1.0;
  for (std::size_t i = 0; i + 2 < shape.size(); ++i) {
    receptive_field *= static_cast<double>(shape[i]);
  }
  return {receptive_field * static_cast<double>(shape[shape.size() - 2]),
          receptive_field * static_cast<double>(shape.back())};
}

void fill_scaled_normal(const Stream& stream, double mean, double stddev, std::span<float> values) {
  fill_normal(stream, 0, values);
  for (float& value : values)
    value = static_cast<float>(mean + stddev * static_cast<double>(value));
}

// Rejection: what lies beyond two standard deviations is drawn again from the same stream, further
// on. About 4.6 % of each round is rejected.
void fill_truncated_normal(const Stream& stream, double mean, double stddev,
                           std::span<float> values) {
  fill_normal(stream, 0, values);
  std::size_t next = values.size();
  for (float& value : values) {
    while (std::fabs(value) > 2.0f) fill_normal(stream, next++, {&value, 1});
    value = static_cast<float>(mean + stddev * static_cast<double>(value));
  }
}

// A normal of unit variance has this standard deviation once it is cut at two of them.
constexpr double kTruncatedStddev = 0.87962566103423978;

}  // namespace

void initialize(const Initializer& initializer, const std::vector<std::int64_t>& shape,
                const Stream& stream, std::span<float> values) {
  const Fans fans = fans_of(shape);
  switch (initializer.kind) {
    case Initializer::Kind::random_normal:
      return fill_scaled_normal(stream, initializer.a, initializer.b, values);
    case Initializer::Kind::truncated_normal:
      return fill_truncated_normal(stream, initializer.a, initializer.b, values);
    case Initializer::Kind::he_normal:
      return fill_truncated_normal(stream, 0.0, std::sqrt(2.0 / fans.in) / kTruncatedStddev,
                                   values);
    case Initializer::Kind::glorot_normal:
      return fill_truncated_normal(
          stream, 0.0, std::sqrt(2.0 / (fans.in + fans.out)) / kTruncatedStddev, values);
    case Initializer::Kind::glorot_uniform: {
      const double limit = std::sqrt(6.0 / (fans.in + fans.out));
      fill_uniform(stream, 0, values);
      for (float& value : values) {
        value = static_cast<float>(limit * (2.0 * static_cast<double>(value) - 1.0));
      }
      return;
    }
    case Initializer::Kind::constant:
      std::fill(values.begin(), values.end(), static_cast<float>(initializer.a));
      return;
  }
}

}  // namespace bnn
