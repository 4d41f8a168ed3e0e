#pragma once
// A share of images for one of several processes: part K of N, K from 1 to N, is images
// floor((K - 1) n / N) to floor(K n / N) - 1 of n. All parts together are all images, each once and
// in order; sizes differ by one at most. Thread-safe: no state.

#include <cstddef>
#include <cstdint>

namespace bnn {

/// Images or examples first to last - 1.
struct ImageRange {
  std::size_t first = 0, last = 0;

  std::size_t size() const { return last - first; }
};

constexpr std::int64_t kMaxParts = 1000000;

struct Part {
  std::size_t number = 1, parts = 1;

  ImageRange range(std::size_t images) const {
    return {(number - 1) * images / parts, number * images / parts};
  }
};

}  // namespace bnn
