#pragma once
// What the posteriors of a network look like: histograms of their scales sigma and of their
// signal-to-noise ratios |mu| / sigma, a pair for each random tensor.
//
// A weight of low ratio could be anything around 0: the data say little about it (Graves,
// "Practical Variational Inference for Neural Networks", NIPS 2011; Blundell et al., 2015).
// Thread-safe: no state.

#include <cmath>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "bnn/bayes/mean_field_normal.h"
#include "bnn/bayes/parameter_layout.h"
#include "bnn/core/aligned_array.h"

namespace bnn {

/// |mu| / sigma of one weight.
inline double signal_to_noise(float mu, float untransformed_scale) {
  return std::fabs(static_cast<double>(mu)) / static_cast<double>(scale_of(untransformed_scale));
}

/// A histogram whose buckets end at powers 10^(i/20), twenty a decade. Bucket i holds what is above
/// limits[i - 1] and at most limits[i]; the first one holds everything up to its limit, which is at
/// least 1e-9. Values that are not finite are left out.
struct LogHistogram {
  double min = 0, max = 0;
  double count = 0, sum = 0, sum_of_squares = 0;
  std::vector<double> limits;  // ascending; the last one is at least max
  std::vector<double> counts;  // as many
};

/// The histogram of value(0), …, value(size - 1), none of them negative.
LogHistogram log_histogram(std::size_t size, const std::function<double(std::size_t)>& value);

struct PosteriorHistograms {
  std::string tensor;  // "conv1/kernel"
  LogHistogram scale, signal_to_noise;
};

/// One for each random tensor, in the layout's order.
std::vector<PosteriorHistograms> posterior_histograms(const ParameterLayout& layout,
                                                      const AlignedArray& parameters);

}  // namespace bnn
