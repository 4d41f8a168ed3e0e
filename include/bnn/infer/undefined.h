#pragma once
// Metrics that no example defines, such as the accuracy on an empty set, are NaN. JSON shows them
// as null, pages as "not defined".

#include <cmath>
#include <cstddef>
#include <limits>

namespace bnn {

constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();

inline bool is_defined(double value) { return !std::isnan(value); }

/// The mean of the numbers that are defined; kUndefined if none is.
class MeanOfDefined {
 public:
  void add(double value) {
    if (std::isnan(value)) return;
    sum_ += value;
    ++count_;
  }
  double value() const { return count_ == 0 ? kUndefined : sum_ / static_cast<double>(count_); }

 private:
  double sum_ = 0;
  std::size_t count_ = 0;
};

/// part / whole; kUndefined if whole is 0.
constexpr double ratio(double part, double whole) { return whole == 0 ? kUndefined : part / whole; }

/// The same for numbers of examples.
constexpr double share_of(std::size_t part, std::size_t whole) {
  return ratio(static_cast<double>(part), static_cast<double>(whole));
}

}  // namespace bnn
