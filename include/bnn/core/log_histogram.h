#pragma once
// Histograms over many orders of magnitude. Thread-safe: no state.

#include <cstddef>
#include <functional>
#include <vector>

namespace bnn {

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

}  // namespace bnn
