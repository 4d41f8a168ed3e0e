#include "bnn/train/chunk_exchange.h"

#include <algorithm>

#include "bnn/math/vector_ops.h"

namespace bnn {
namespace {

// The chunks that have a gradient number `use`.
std::vector<bool> with_gradient(const ParameterLayout& layout, const std::vector<Chunk>& chunks,
                                const std::vector<int>& uses, int use) {
  std::vector<bool> included;
  for (const Chunk& chunk : chunks) {
    included.push_back(layout.variables()[chunk.variable].trainable && use < uses[chunk.variable]);
  }
  return included;
}

std::vector<ChunkPacking> packings(const ParameterLayout& layout, const std::vector<Chunk>& chunks,
                                   const std::vector<int>& uses) {
  const int most = uses.empty() ? 1 : *std::max_element(uses.begin(), uses.end());
  std::vector<ChunkPacking> result;
  for (int use = 0; use < most; ++use) {
    result.emplace_back(layout, chunks, with_gradient(layout, chunks, uses, use));
  }
  return result;
}

// Cuts the chunks into segments of about the same number of floats.
std::vector<std::size_t> equal_cuts(const ChunkPacking& packing, std::size_t chunks,
                                    std::size_t segments) {
  std::vector<std::size_t> cuts(segments + 1, chunks);
  std::size_t chunk = 0;
  for (std::size_t i = 0; i < segments; ++i) {
    while (chunk < chunks && packing.offset(chunk) * segments < packing.size() * i) ++chunk;
    cuts[i] = chunk;
  }
  return cuts;
}

}  // namespace

ChunkPacking::ChunkPacking(const ParameterLayout& layout, const std::vector<Chunk>& chunks,
                           const std::vector<bool>& included)
    : layout_(layout), chunks_(chunks), offsets_{0} {
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    const std::size_t floats = chunks[i].size * (chunks[i].scale ? 2 : 1);
    offsets_.push_back(offsets_.back() + (included[i] ? floats : 0));
  }
}

void ChunkPacking::pack(std::size_t chunk, const float* array, float* message) const {
  if (offsets_[chunk] == offsets_[chunk + 1]) return;
  const auto [loc, scale] = parts(layout_, chunks_[chunk], array);
  float* to = message + offsets_[chunk];
  std::copy(loc.begin(), loc.end(), to);
  std::copy(scale.begin(), scale.end(), to + loc.size());
}

void ChunkPacking::unpack(std::size_t chunk, const float* message, float* array) const {
  if (offsets_[chunk] == offsets_[chunk + 1]) return;
  const auto [loc, scale] = parts(layout_, chunks_[chunk], array);
  const float* from = message + offsets_[chunk];
  std::copy_n(from, loc.size(), loc.begin());
  std::copy_n(from + loc.size(), scale.size(), scale.begin());
}

ChunkExchange::ChunkExchange(Exchange& exchange, const ParameterLayout& layout,
                             const std::vector<Chunk>& chunks,
                             const std::vector<Chunk>& state_chunks, const std::vector<int>& uses,
                             ThreadPool& pool)
    : exchange_(exchange),
      layout_(layout),
      chunks_(chunks),
      pool_(pool),
      uses_(packings(layout, chunks, uses)),
      state_(layout, state_chunks, std::vector<bool>(state_chunks.size(), true)),
      states_(state_chunks.size()),
      own_{0, chunks.size()} {
  if (exchange.is_alone()) return;
  message_ = AlignedArray(std::max(uses_[0].size(), state_.size()));
  if (uses_[0].size() <= kFewFloats) return;
  is_whole_ = false;
  chunk_cuts_ = equal_cuts(uses_[0], chunks.size(), static_cast<std::size_t>(exchange.processes()));
  for (const ChunkPacking& packing : uses_) {
    cuts_.emplace_back();
    for (const std::size_t chunk : chunk_cuts_) cuts_.back().push_back(packing.offset(chunk));
  }
  own_ = {chunk_cuts_[exchange.segment()], chunk_cuts_[exchange.segment() + 1]};
}

void ChunkExchange::pack(const ChunkPacking& packing, ChunkRange range, const float* array) {
  pool_.run(range.size(),
            [&](std::size_t i, int) { packing.pack(range.begin + i, array, message_.data()); });
}

void ChunkExchange::unpack(const ChunkPacking& packing, ChunkRange range, float* array) {
  pool_.run(range.size(),
            [&](std::size_t i, int) { packing.unpack(range.begin + i, message_.data(), array); });
}

void ChunkExchange::sum(std::span<float* const> gradients, const ShardDeal& deal) {
  if (exchange_.is_alone()) return;
  for (std::size_t use = 0; use < uses_.size(); ++use) {
    sum_chunks(use, gradients[use], deal);
    if (use == 0) continue;
    // The sums of all shards are added up in the order of the layers.
    pool_.run(own_.size(), [&](std::size_t i, int) {
      const std::size_t chunk = own_.begin + i;
      if (uses_[use].offset(chunk) == uses_[use].offset(chunk + 1)) return;
      for (const auto& variable : chunks_[chunk].variables()) {
        if (!variable) continue;
        add(part(layout_, *variable, chunks_[chunk], gradients[use]).data(), chunks_[chunk].size,
            part(layout_, *variable, chunks_[chunk], gradients[0]).data());
      }
    });
  }
  sum_state(gradients[0], deal);
}

void ChunkExchange::sum_chunks(std::size_t use, float* array, const ShardDeal& deal) {
  const ChunkPacking& packing = uses_[use];
  const auto message = message_.span().first(packing.size());
  pack(packing, {0, chunks_.size()}, array);
  if (is_whole_) {
    exchange_.sum(message, deal);
  } else {
    exchange_.scatter_sum(message, cuts_[use], deal);
  }
  unpack(packing, own_, array);
}

void ChunkExchange::sum_state(float* array, const ShardDeal& deal) {
  if (states_ == 0) return;
  pack(state_, {0, states_}, array);
  exchange_.sum(message_.span().first(state_.size()), deal);
  unpack(state_, {0, states_}, array);
}

void ChunkExchange::gather(float* array, Wait wait) {
  if (is_whole_) return;
  pack(uses_[0], own_, array);
  exchange_.gather(message_.span().first(uses_[0].size()), cuts_[0], wait);
  unpack(uses_[0], {0, own_.begin}, array);
  unpack(uses_[0], {own_.end, chunks_.size()}, array);
}

void ChunkExchange::gather_to_first(float* array) {
  if (is_whole_) return;
  pack(uses_[0], own_, array);
  exchange_.gather_to_first(message_.span().first(uses_[0].size()), cuts_[0]);
  if (!exchange_.is_first()) return;
  unpack(uses_[0], {0, own_.begin}, array);
  unpack(uses_[0], {own_.end, chunks_.size()}, array);
}

}  // namespace bnn
