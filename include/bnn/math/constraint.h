#pragma once
// Projections of a variable onto an allowed set, applied after every update of it.
//
//   clip      every number into [min, max]
//   non_neg   every number to at least 0
//   max_norm  the weights into each output (a column of [inputs][outputs]) to a norm of at most max
//   unit_norm the same to a norm of 1
// The norms are those of Keras with axis = all but the last. Pure, thread-safe.

#include <cstddef>
#include <limits>
#include <span>

namespace bnn {

struct Constraint {
  enum class Kind { none, clip, non_neg, max_norm, unit_norm };
  Kind kind = Kind::none;
  double min = -std::numeric_limits<double>::infinity();
  double max = std::numeric_limits<double>::infinity();

  bool empty() const { return kind == Kind::none; }
  bool operator==(const Constraint&) const = default;
};

/// Projects a variable [values.size() / columns][columns], in place.
void project(const Constraint& constraint, std::size_t columns, std::span<float> values);

}  // namespace bnn
