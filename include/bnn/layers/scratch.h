#pragma once
// Cuts a lent scratch buffer into pieces, each on a cache line.
//
// A Scratch without memory counts: it hands out null pointers and adds up the sizes. A layer cuts
// its pieces in one constructor, which takes a Scratch, and its scratch_size() runs that same
// constructor on a Scratch that counts, so that the two cannot differ.

#include <cstddef>
#include <span>

#include "bnn/core/aligned_array.h"

namespace bnn {

class Scratch {
 public:
  /// Counts what is taken.
  Scratch() = default;
  /// Cuts `memory`, which has as many floats as a Scratch that counts has taken.
  explicit Scratch(float* memory) : memory_(memory) {}

  float* take(std::size_t size) {
    float* piece = memory_ == nullptr ? nullptr : memory_ + taken_;
    taken_ += round_to_alignment(size);
    return piece;
  }
  /// As take(), with its size.
  std::span<float> span(std::size_t size) {
    float* piece = take(size);
    return {piece, piece == nullptr ? 0 : size};
  }

  /// Floats of all pieces so far, with what aligns them.
  std::size_t taken() const { return taken_; }

 private:
  float* memory_ = nullptr;
  std::size_t taken_ = 0;
};

/// Floats that a layer's pieces need: what `Pieces`, made from these arguments and a Scratch,
/// takes.
template <typename Pieces, typename... Arguments>
std::size_t count_scratch(const Arguments&... arguments) {
  Scratch scratch;
  Pieces(arguments..., scratch);
  return scratch.taken();
}

}  // namespace bnn
