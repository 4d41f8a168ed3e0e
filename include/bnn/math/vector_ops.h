#pragma once
// Element-wise loops over flat memory, and sums in a fixed order.

#include <cstddef>

namespace bnn {

/// target += values.
inline void add(const float* values, std::size_t size, float* target) {
  for (std::size_t i = 0; i < size; ++i) target[i] += values[i];
}

/// sum = a + b.
inline void add(const float* a, const float* b, std::size_t size, float* sum) {
  for (std::size_t i = 0; i < size; ++i) sum[i] = a[i] + b[i];
}

/// target *= values.
inline void multiply(const float* values, std::size_t size, float* target) {
  for (std::size_t i = 0; i < size; ++i) target[i] *= values[i];
}

/// to [columns][rows] = fromᵀ, from [rows][columns].
inline void transpose(const float* from, std::size_t rows, std::size_t columns, float* to) {
  constexpr std::size_t kBlock = 8;  // of rows: what is written then fills whole cache lines
  for (std::size_t first = 0; first < rows; first += kBlock) {
    const std::size_t last = first + kBlock < rows ? first + kBlock : rows;
    for (std::size_t column = 0; column < columns; ++column) {
      for (std::size_t row = first; row < last; ++row) {
        to[column * rows + row] = from[row * columns + column];
      }
    }
  }
}

/// term(0) + … + term(size - 1) in double, each term a float or a double and asked for once, in
/// this order. Sixteen running sums take the terms in turn, so that nothing waits for the addition
/// before it; they are added up last. The order is the same whatever the width of vectors.
template <typename Term>
double sum_terms(std::size_t size, const Term& term) {
  constexpr std::size_t kLanes = 16;
  double sums[kLanes] = {};
  std::size_t first = 0;
  for (; first + kLanes <= size; first += kLanes) {
    decltype(term(first)) terms[kLanes];
    for (std::size_t lane = 0; lane < kLanes; ++lane) terms[lane] = term(first + lane);
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      sums[lane] += static_cast<double>(terms[lane]);
    }
  }
  for (std::size_t i = first; i < size; ++i) sums[i - first] += static_cast<double>(term(i));
  double total = 0.0;
  for (const double sum : sums) total += sum;
  return total;
}

}  // namespace bnn
