#include "bnn/train/shard_gradients.h"

#include <algorithm>
#include <cstring>

#include "bnn/core/tree_sum.h"
#include "bnn/math/vector_ops.h"

namespace bnn {
namespace {

constexpr std::size_t kBlock = 2048;  // floats of two arrays that stay in the first-level cache

// One for each pair, and one more for each worker that is in the second shard of its pair.
std::size_t array_count(std::size_t shards, int workers) {
  return std::min(shards, (shards + 1) / 2 + static_cast<std::size_t>(workers));
}

std::size_t pairs_of(std::size_t shards) { return (shards + 1) / 2; }

std::size_t partial_size(std::size_t shards) {
  return static_cast<std::size_t>(tree_levels(pairs_of(shards))) * kChunkElements;
}

}  // namespace

ShardGradients::ShardGradients(const ParameterLayout& layout, std::size_t shards, int workers)
    : layout_(layout), places_(shards) {
  for (const Variable& variable : layout.variables()) {
    if (variable.is_state() || (variable.trainable && !variable.deferred)) {
      collected_.push_back(variable.slice);
    }
  }
  const std::size_t count = array_count(shards, workers);
  for (std::size_t i = 0; i < count; ++i) arrays_.emplace_back(layout.size());
  free_.reserve(count);
  for (int i = 0; i < workers; ++i) partial_sums_.emplace_back(partial_size(shards));
}

void ShardGradients::reset(std::size_t shards) {
  shards_ = shards;
  std::fill(places_.begin(), places_.end(), Place());
  free_.clear();
  for (std::size_t i = used_; i-- > 0;) free_.push_back(static_cast<int>(i));
}

float* ShardGradients::begin(std::size_t shard) {
  bool is_new = false;
  {
    const std::lock_guard lock(mutex_);
    is_new = free_.empty();
    places_[shard].array = is_new ? static_cast<int>(used_++) : free_.back();
    if (!is_new) free_.pop_back();
  }
  // Touches the pages by writing. A page that is read before it is written costs two faults.
  if (is_new) clear(values(shard));
  return values(shard);
}

void ShardGradients::end(std::size_t shard) {
  const std::size_t first = shard & ~std::size_t{1}, second = first + 1;
  {
    const std::lock_guard lock(mutex_);
    places_[shard].complete = true;
    if (second >= shards_ || !places_[first].complete || !places_[second].complete) return;
  }
  add_second(values(first), values(second));
  const std::lock_guard lock(mutex_);
  free_.push_back(places_[second].array);
}

void ShardGradients::clear(float* array) const {
  for (const Slice& slice : collected_) std::fill_n(array + slice.offset, slice.size, 0.0f);
}

// Adds the second gradient to the first, and leaves zeros behind.
void ShardGradients::add_second(float* first, float* second) const {
  for (const Slice& slice : collected_) {
    for (std::size_t i = 0; i < slice.size; i += kBlock) {
      const std::size_t size = std::min(kBlock, slice.size - i);
      float* from = second + slice.offset + i;
      add(from, size, first + slice.offset + i);
      std::fill_n(from, size, 0.0f);
    }
  }
}

void ShardGradients::reduce(const Chunk& chunk, std::size_t variable, int worker, float* total) {
  tree_sum(pairs_of(shards_), chunk.size, part(layout_, variable, chunk, total).data(),
           partial_sums_[static_cast<std::size_t>(worker)].data(),
           [&](std::size_t pair, float* out) {
             const auto from = part(layout_, variable, chunk, values(2 * pair));
             std::memcpy(out, from.data(), from.size_bytes());
             std::memset(from.data(), 0, from.size_bytes());
           });
}

std::size_t ShardGradients::bytes(const ParameterLayout& layout, std::size_t shards, int workers) {
  return sizeof(float) * (array_count(shards, workers) * layout.size() +
                          static_cast<std::size_t>(workers) * partial_size(shards));
}

}  // namespace bnn
