#include "bnn/train/weight_average.h"

#include <algorithm>
#include <cstddef>

namespace bnn {
namespace {

void copy_variable(const Variable& variable, const float* from, float* to) {
  std::copy_n(from + variable.slice.offset, variable.slice.size, to + variable.slice.offset);
}

}  // namespace

double average_share(const AverageSpec& spec, std::uint64_t step, std::uint64_t steps_per_epoch,
                     std::uint64_t epochs) {
  const std::uint64_t before = (epochs - std::min(epochs, spec.swa_epochs)) * steps_per_epoch;
  if (spec.swa_epochs > 0 && step > before) return 1.0 / static_cast<double>(step - before);
  if (spec.ema_decay == 0.0) return 1.0;
  const auto t = static_cast<double>(step);
  return 1.0 - std::min(spec.ema_decay, (1.0 + t) / (10.0 + t));
}

void average_chunk(const ParameterLayout& layout, const Chunk& chunk, float share,
                   const float* weights, float* average) {
  const ChunkParts<const float> from = parts(layout, chunk, weights);
  const ChunkParts<float> to = parts(layout, chunk, average);
  std::copy(from.scale.begin(), from.scale.end(), to.scale.begin());
  if (share == 1.0f) {
    std::copy(from.loc.begin(), from.loc.end(), to.loc.begin());
    return;
  }
  for (std::size_t i = 0; i < to.loc.size(); ++i) to.loc[i] += share * (from.loc[i] - to.loc[i]);
}

void copy_unaveraged(const ParameterLayout& layout, const float* from, float* to) {
  copy_layer_state(layout, from, to);
  for (const RandomTensor& tensor : layout.random_tensors()) {
    if (!tensor.prior_loc) continue;
    copy_variable(layout.variables()[*tensor.prior_loc], from, to);
    copy_variable(layout.variables()[*tensor.prior_scale], from, to);
  }
}

void copy_layer_state(const ParameterLayout& layout, const float* from, float* to) {
  for (const Variable& variable : layout.variables()) {
    if (variable.is_state()) copy_variable(variable, from, to);
  }
}

}  // namespace bnn
