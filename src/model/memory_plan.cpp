#include "bnn/model/memory_plan.h"

#include <algorithm>
#include <numeric>

#include "bnn/core/aligned_array.h"

namespace bnn {
namespace {

bool meet(const PlannedBuffer& a, const PlannedBuffer& b) {
  return a.begin <= b.end && b.begin <= a.end;
}

// The lowest offset at which `buffer` fits between those already placed that are alive with it,
// which are sorted by offset.
std::size_t first_fit(const std::vector<const PlannedBuffer*>& alive, std::size_t size) {
  std::size_t offset = 0;
  for (const PlannedBuffer* other : alive) {
    if (other->offset >= offset + size) break;
    offset = std::max(offset, other->offset + round_to_alignment(other->size));
  }
  return offset;
}

}  // namespace

std::size_t plan_memory(std::vector<PlannedBuffer>& buffers) {
  std::vector<std::size_t> order(buffers.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return buffers[a].begin < buffers[b].begin;
  });
  std::size_t total = 0;
  std::vector<const PlannedBuffer*> placed;  // sorted by offset; ended ones are dropped
  for (const std::size_t i : order) {
    PlannedBuffer& buffer = buffers[i];
    const std::size_t size = round_to_alignment(buffer.size);
    std::erase_if(placed, [&](const PlannedBuffer* other) { return !meet(*other, buffer); });
    buffer.offset = first_fit(placed, size);
    const auto position = std::upper_bound(
        placed.begin(), placed.end(), &buffer,
        [](const PlannedBuffer* a, const PlannedBuffer* b) { return a->offset < b->offset; });
    placed.insert(position, &buffer);
    total = std::max(total, buffer.offset + size);
  }
  return total;
}

}  // namespace bnn
