#pragma once
// Cuts a lent scratch buffer into pieces, each on a cache line. Sizes add up the same way in
// scratch_size() and in the pass that takes the pieces.

#include <cstddef>

#include "bnn/core/aligned_array.h"

namespace bnn {

class Scratch {
 public:
  explicit Scratch(float* memory) : next_(memory) {}

  float* take(std::size_t size) {
    float* piece = next_;
    next_ += round_to_alignment(size);
    return piece;
  }

 private:
  float* next_;
};

}  // namespace bnn
