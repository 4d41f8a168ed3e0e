#pragma once
// Element-wise loops over flat memory.

#include <cstddef>

namespace bnn {

/// target += values.
inline void add(const float* values, std::size_t size, float* target) {
  for (std::size_t i = 0; i < size; ++i) target[i] += values[i];
}

}  // namespace bnn
