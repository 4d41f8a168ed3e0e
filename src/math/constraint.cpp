#include "bnn/math/constraint.h"

#include <algorithm>
#include <cmath>

namespace bnn {
namespace {

constexpr double kNormEpsilon = 1e-7;  // Keras's guard against dividing by zero

void clip(double low, double high, std::span<float> values) {
  for (float& value : values) {
    value = static_cast<float>(std::clamp(static_cast<double>(value), low, high));
  }
}

// Scales each column to the norm that `wanted` makes of its own.
template <typename Wanted>
void scale_columns(std::size_t columns, std::span<float> values, const Wanted& wanted) {
  for (std::size_t column = 0; column < columns; ++column) {
    double square = 0.0;
    for (std::size_t i = column; i < values.size(); i += columns) {
      square += static_cast<double>(values[i]) * static_cast<double>(values[i]);
    }
    const double norm = std::sqrt(square), target = wanted(norm);
    if (target == norm) continue;
    const auto factor = static_cast<float>(target / (kNormEpsilon + norm));
    for (std::size_t i = column; i < values.size(); i += columns) values[i] *= factor;
  }
}

}  // namespace

void project(const Constraint& constraint, std::size_t columns, std::span<float> values) {
  switch (constraint.kind) {
    case Constraint::Kind::none:
      return;
    case Constraint::Kind::clip:
      return clip(constraint.min, constraint.max, values);
    case Constraint::Kind::non_neg:
      return clip(0.0, std::numeric_limits<double>::infinity(), values);
    case Constraint::Kind::max_norm:
      return scale_columns(columns, values,
                           [&](double norm) { return std::min(norm, constraint.max); });
    case Constraint::Kind::unit_norm:
      return scale_columns(columns, values, [](double) { return 1.0; });
  }
}

}  // namespace bnn
