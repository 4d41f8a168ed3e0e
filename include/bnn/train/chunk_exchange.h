#pragma once
// Which chunks of the parameters a process updates, and how gradients and parameters get to those
// who need them (exchange.h).
//
// The gradient is added up over the processes so that each has the sums of the chunks that it owns.
// It updates these chunks, and gathers the parameters of all. Optimizer and KL therefore cost a
// process 1/P of their work, and the optimizer's state 1/P of its memory, but in the first process,
// which saves it ("ZeRO-1": Rajbhandari et al., "ZeRO: Memory Optimizations Toward Training
// Trillion Parameter Models", SC 2020). Where the gradient is small, every process adds up all of
// it and owns all chunks, which takes fewer messages.
//
// Arrays are arrays of the layout. The chunks of a segment lie in one piece of a message. Not
// thread-safe. A process alone owns all chunks, and nothing is copied.

#include <cstddef>
#include <span>
#include <vector>

#include "bnn/core/aligned_array.h"
#include "bnn/core/thread_pool.h"
#include "bnn/exchange/exchange.h"
#include "bnn/model/chunks.h"

namespace bnn {

/// Chunks [begin, end).
struct ChunkRange {
  std::size_t begin = 0, end = 0;

  std::size_t size() const { return end - begin; }
};

/// Where chunks lie in a message: one after the other, those that are left out without a place.
class ChunkPacking {
 public:
  ChunkPacking(const ParameterLayout& layout, const std::vector<Chunk>& chunks,
               const std::vector<bool>& included);

  std::size_t size() const { return offsets_.back(); }
  /// The places of the chunks from this one on.
  std::size_t offset(std::size_t chunk) const { return offsets_[chunk]; }

  void pack(std::size_t chunk, const float* array, float* message) const;
  void unpack(std::size_t chunk, const float* message, float* array) const;

 private:
  const ParameterLayout& layout_;
  const std::vector<Chunk>& chunks_;
  std::vector<std::size_t> offsets_;  // one more than chunks
};

class ChunkExchange {
 public:
  /// Gradients of fewer floats are added up whole in every process.
  static constexpr std::size_t kFewFloats = 8192;

  /// All arguments must outlive this.
  /// @param uses for each variable, how many gradients a step makes of it that are only then added
  ///   up: 1, but for deferred variables that layers share
  ChunkExchange(Exchange& exchange, const ParameterLayout& layout, const std::vector<Chunk>& chunks,
                const std::vector<Chunk>& state_chunks, const std::vector<int>& uses,
                ThreadPool& pool);

  Exchange& exchange() { return exchange_; }
  ChunkRange own() const { return own_; }

  /// The most gradients that a step makes of a variable.
  std::size_t gradients() const { return uses_.size(); }

  /// Adds up the trained chunks of gradients and the state over all processes. Own chunks and all
  /// state are complete afterwards, in gradients[0].
  /// @param gradients as many as gradients() says
  void sum(std::span<float* const> gradients, const ShardDeal& deal);
  /// Completes the values in every process.
  void gather(float* array, Wait wait);
  /// Completes the values in the first process.
  void gather_to_first(float* array);
  /// Completes something that there is one of for each chunk, in every process.
  template <typename T>
  void gather_each(std::span<T> of_chunks) {
    if (!is_whole_) exchange_.gather(of_chunks, chunk_cuts_, Wait::step);
  }

 private:
  void pack(const ChunkPacking& packing, ChunkRange range, const float* array);
  void unpack(const ChunkPacking& packing, ChunkRange range, float* array);
  void sum_chunks(std::size_t use, float* array, const ShardDeal& deal);
  void sum_state(float* array, const ShardDeal& deal);

  Exchange& exchange_;
  const ParameterLayout& layout_;
  const std::vector<Chunk>& chunks_;
  ThreadPool& pool_;
  std::vector<ChunkPacking> uses_;  // [k]: of the chunks that have a gradient number k
  ChunkPacking state_;
  std::size_t states_;                          // chunks of state
  bool is_whole_ = true;                        // every process owns all chunks
  std::vector<std::size_t> chunk_cuts_;         // of the segments, in chunks
  std::vector<std::vector<std::size_t>> cuts_;  // [k]: in floats of uses_[k]
  ChunkRange own_;
  AlignedArray message_;
};

}  // namespace bnn
