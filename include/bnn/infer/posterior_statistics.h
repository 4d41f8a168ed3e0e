#pragma once
// Statistics of the posteriors of a network: histograms of their scales sigma and of their
// signal-to-noise ratios |mu| / sigma, a pair for each random tensor.
//
// If the ratio of a weight is low, the data say little about it (Graves, "Practical Variational
// Inference for Neural Networks", NIPS 2011; Blundell et al., 2015). Thread-safe: no state.

#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include "bnn/bayes/mean_field_normal.h"
#include "bnn/bayes/parameter_layout.h"
#include "bnn/core/aligned_array.h"
#include "bnn/core/log_histogram.h"

namespace bnn {

/// |mu| / sigma of one weight.
inline double signal_to_noise(float mu, float untransformed_scale) {
  return std::fabs(static_cast<double>(mu)) / static_cast<double>(scale_of(untransformed_scale));
}

struct PosteriorHistograms {
  std::string tensor;  // "conv1/kernel"
  LogHistogram scale, signal_to_noise;
};

/// One for each random tensor, in the layout's order.
std::vector<PosteriorHistograms> posterior_histograms(const ParameterLayout& layout,
                                                      const AlignedArray& parameters);

}  // namespace bnn
