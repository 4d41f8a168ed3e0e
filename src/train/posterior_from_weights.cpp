#include "bnn/train/posterior_from_weights.h"

#include <algorithm>
#include <cmath>

#include "bnn/bayes/mean_field_normal.h"

namespace bnn {

void set_scales_from_weights(const ParameterLayout& layout, const PosteriorFromWeights& spec,
                             AlignedArray& parameters, const std::set<std::string>* of) {
  for (const RandomTensor& tensor : layout.random_tensors()) {
    if (of != nullptr && !of->contains(layout.variables()[tensor.loc].name)) continue;
    const Slice loc = layout.variables()[tensor.loc].slice;
    const Slice scale = layout.variables()[tensor.untransformed_scale].slice;
    for (std::size_t i = 0; i < loc.size; ++i) {
      const auto mean = static_cast<double>(parameters.data()[loc.offset + i]);
      parameters.data()[scale.offset + i] =
          untransformed_scale_of(std::max(spec.delta * std::fabs(mean), kLeastInitialScale));
    }
  }
}

}  // namespace bnn
