#pragma once
// Metrics that no example defines, such as the accuracy on an empty set, are NaN. JSON shows them
// as null, pages as "not defined".

#include <cstddef>
#include <limits>

namespace bnn {

constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();

/// part / whole; kUndefined if whole is 0.
constexpr double ratio(double part, double whole) { return whole == 0 ? kUndefined : part / whole; }

/// The same for numbers of examples.
constexpr double share_of(std::size_t part, std::size_t whole) {
  return ratio(static_cast<double>(part), static_cast<double>(whole));
}

}  // namespace bnn
