#include "bnn/infer/posterior_statistics.h"

namespace bnn {
std::vector<PosteriorHistograms> posterior_histograms(const ParameterLayout& layout,
                                                      const AlignedArray& parameters) {
  std::vector<PosteriorHistograms> list;
  for (const RandomTensor& tensor : layout.random_tensors()) {
    const Variable& loc = layout.variables()[tensor.loc];
    const Variable& scale = layout.variables()[tensor.untransformed_scale];
    const float* mu = parameters.data() + loc.slice.offset;
    const float* u = parameters.data() + scale.slice.offset;
    list.push_back(
        {deterministic_name(loc.name),
         log_histogram(loc.slice.size,
                       [&](std::size_t i) { return static_cast<double>(scale_of(u[i])); }),
         log_histogram(loc.slice.size,
                       [&](std::size_t i) { return signal_to_noise(mu[i], u[i]); })});
  }
  return list;
}

}  // namespace bnn
