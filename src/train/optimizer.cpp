#include "bnn/train/optimizer.h"

#include "bnn/core/json_reader.h"

namespace bnn {

Optimizer::Optimizer(const ParameterLayout& layout, const std::vector<StateSpec>& state)
    : layout_(layout) {
  for (const StateSpec& spec : state) add_state(spec);
}

void Optimizer::add_state(const StateSpec& spec) {
  state_.push_back({spec, AlignedArray(layout_.size(), MemoryUse::whole)});
}

ChunkParts<float> Optimizer::state_of(std::size_t index, const Chunk& chunk) {
  return parts(layout_, chunk, state_[index].values.data());
}

// A layer with two kernels has "depthwise_kernel" and "pointwise_kernel".
bool is_decayed(const Variable& variable) {
  return deterministic_name(variable.name).ends_with("kernel");
}

double read_scale_learning_rate_factor(ObjectReader& reader) {
  return reader.real("scale_learning_rate_factor", {.min = 0.0, .max = 1e6, .fallback = 1.0});
}

}  // namespace bnn
