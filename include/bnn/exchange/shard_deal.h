#pragma once
// Which shards of a batch a process computes: an aligned subtree of the tree of core/tree_sum.h.
//
// With P processes, a power of two, the tree of at least P leaves is cut at the level of P nodes,
// and process r has node r. What the processes have added up can then be added in the same tree.
// A batch may have fewer shards than there are processes. Subtrees without shards are absent: they
// must be skipped, because adding zeros would turn -0 into 0.

#include <algorithm>
#include <cstddef>

namespace bnn {

class ShardDeal {
 public:
  /// @param processes a power of two
  ShardDeal(std::size_t shards, int processes) : shards_(shards) {
    std::size_t leaves = static_cast<std::size_t>(processes);
    while (leaves < shards) leaves *= 2;
    width_ = leaves / static_cast<std::size_t>(processes);
  }

  /// The shards [begin, end) of a process.
  std::size_t begin(int rank) const {
    return std::min(static_cast<std::size_t>(rank) * width_, shards_);
  }
  std::size_t end(int rank) const { return begin(rank + 1); }

  /// Whether there are shards for this process or a later one.
  bool reaches(int rank) const { return static_cast<std::size_t>(rank) * width_ < shards_; }

  /// The most shards of one process.
  std::size_t width() const { return width_; }

 private:
  std::size_t shards_, width_;
};

}  // namespace bnn
