#pragma once
// The order in which contributions of shards are added up.
//
// Floating-point sums depend on their order, so ours is fixed: a balanced binary tree over the
// shards, ((0 + 1) + (2 + 3)) + ((4 + 5) + (6 + 7)), whatever the number of threads. Each subtree
// over an aligned power-of-two range of shards is a partial sum of its own.

#include <cstddef>

namespace bnn {

/// Levels of partial sums that a depth-first walk over `shards` leaves holds at once.
constexpr int tree_levels(std::size_t shards) {
  int levels = 1;
  while ((std::size_t{1} << (levels - 1)) < shards) ++levels;
  return levels;
}

/// Sums the leaves [first, first + width) of the tree into `out`, with the help of `partial`, a
/// stack of tree_levels - 1 buffers of `size` elements. `leaf(shard, out)` overwrites out; leaves
/// at or beyond `shards` do not exist.
template <typename Number, typename Leaf>
void tree_sum(std::size_t shards, std::size_t first, std::size_t width, std::size_t size,
              Number* out, Number* partial, const Leaf& leaf) {
  if (width == 1) return leaf(first, out);
  const std::size_t half = width / 2;
  tree_sum(shards, first, half, size, out, partial, leaf);
  if (first + half >= shards) return;
  tree_sum(shards, first + half, half, size, partial, partial + size, leaf);
  for (std::size_t i = 0; i < size; ++i) out[i] += partial[i];
}

/// Sums all leaves into `out`.
template <typename Number, typename Leaf>
void tree_sum(std::size_t shards, std::size_t size, Number* out, Number* partial,
              const Leaf& leaf) {
  std::size_t width = 1;
  while (width < shards) width *= 2;
  tree_sum(shards, 0, width, size, out, partial, leaf);
}

/// Sums all leaves into level 0 of `partial`, a stack of tree_levels buffers.
template <typename Number, typename Leaf>
void tree_sum(std::size_t shards, std::size_t size, Number* partial, const Leaf& leaf) {
  tree_sum(shards, size, partial, partial + size, leaf);
}

}  // namespace bnn
