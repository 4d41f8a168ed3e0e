#include "bnn/infer/pruning.h"

#include <algorithm>
#include <cmath>

#include "bnn/infer/posterior_statistics.h"

namespace bnn {
namespace {

constexpr float kNoScale = -100.0f;  // its softplus is lost when 2^-23 is added

}  // namespace

PruningOrder::PruningOrder(const ParameterLayout& layout, const AlignedArray& parameters) {
  for (const RandomTensor& tensor : layout.random_tensors()) {
    const Slice loc = layout.variables()[tensor.loc].slice;
    const Slice scale = layout.variables()[tensor.untransformed_scale].slice;
    for (std::size_t i = 0; i < loc.size; ++i) {
      order_.push_back({loc.offset + i, scale.offset + i,
                        signal_to_noise(parameters.data()[loc.offset + i],
                                        parameters.data()[scale.offset + i])});
    }
  }
  // The weights stand in the layout's order so far, and equal ones keep it.
  std::stable_sort(order_.begin(), order_.end(), [](const Weight& a, const Weight& b) {
    return a.signal_to_noise < b.signal_to_noise;
  });
}

std::size_t PruningOrder::count(double share) const {
  const auto size = static_cast<double>(order_.size());
  return static_cast<std::size_t>(std::lround(std::clamp(share, 0.0, 1.0) * size));
}

void PruningOrder::prune(std::size_t count, AlignedArray& parameters) const {
  for (std::size_t i = 0; i < std::min(count, order_.size()); ++i) {
    parameters.data()[order_[i].loc] = 0.0f;
    parameters.data()[order_[i].untransformed_scale] = kNoScale;
  }
}

}  // namespace bnn
