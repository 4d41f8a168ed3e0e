#include "bnn/train/optimizer.h"

namespace bnn {

Optimizer::Optimizer(const ParameterLayout& layout, const std::vector<StateSpec>& state)
    : layout_(layout) {
  for (const StateSpec& spec : state) {
    state_.push_back({spec, AlignedArray(layout.size(), MemoryUse::whole)});
  }
}

ChunkParts<float> Optimizer::state_of(std::size_t index, const Chunk& chunk) {
  return parts(layout_, chunk, state_[index].values.data());
}

}  // namespace bnn
