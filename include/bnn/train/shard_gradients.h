#pragma once
// The gradients of the shards of a batch, added up in the fixed tree of core/tree_sum.h.
//
// The first level of the tree is added as soon as both shards of a pair are complete, by the worker
// that completed the second. The pair then needs one array instead of two. The levels above are
// added chunk by chunk by all workers. a + b = b + a, so the bits do not depend on which shard of a
// pair is complete first.
//
// begin and end may be called by all workers at once, reduce for different chunks as well. All
// shards of a batch end before the first reduce, and the next batch begins after the last.

#include <mutex>
#include <span>
#include <vector>

#include "bnn/bayes/parameter_layout.h"
#include "bnn/core/aligned_array.h"
#include "bnn/model/chunks.h"

namespace bnn {

class ShardGradients {
 public:
  /// @param layout must outlive this
  /// @param shards the most of one batch
  ShardGradients(const ParameterLayout& layout, std::size_t shards, int workers);

  /// A batch of `shards` begins.
  void reset(std::size_t shards);
  /// An array of the layout for the shard to add its gradient to: zeros, where a variable is not
  /// deferred.
  float* begin(std::size_t shard);
  /// The shard's gradient is complete.
  void end(std::size_t shard);

  /// The chunk of the variable, summed over all shards, overwrites its part of `total`. Leaves
  /// zeros for the next batch.
  void reduce(const Chunk& chunk, std::size_t variable, int worker, float* total);

  static std::size_t bytes(const ParameterLayout& layout, std::size_t shards, int workers);

 private:
  static constexpr int kNone = -1;
  struct Place {
    int array = kNone;
    bool complete = false;
  };

  float* values(std::size_t shard) {
    return arrays_[static_cast<std::size_t>(places_[shard].array)].data();
  }
  void clear(float* array) const;
  void add_second(float* first, float* second) const;

  const ParameterLayout& layout_;
  std::vector<Slice> collected_;  // that shards add to
  std::vector<AlignedArray> arrays_;
  std::vector<AlignedArray> partial_sums_;  // one per worker
  std::size_t shards_ = 0;
  std::mutex mutex_;
  // Guarded by mutex_ between begin and end.
  std::vector<Place> places_;  // one per shard
  std::vector<int> free_;
  std::size_t used_ = 0;  // arrays that were lent before; the others were not touched yet
};

}  // namespace bnn
