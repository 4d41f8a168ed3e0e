#pragma once
// What was measured, as CSV, as a table for people and as a plot.

#include <string>
#include <vector>

#include "grouped_variance.h"

namespace bnn {

struct VarianceRow {
  std::string checkpoint;  // file name
  std::string network;     // name of its config
  std::string data;        // resampled, fixed
  std::string estimator;
  int batch_size = 0;
  int repeats = 0;
  std::string layer;     // or "all"
  std::string variable;  // loc, untransformed_scale
  Estimate variance = {};
};

std::string variance_csv(const std::vector<VarianceRow>& rows);

/// The rows of a file that variance_csv made. Throws Error(data) if it is another one.
std::vector<VarianceRow> read_variance_csv(const std::string& path);

/// For all layers together: the variance at the smallest and at the largest batch size, what the
/// larger batch gained, and the slope over the last two decades of batch sizes.
std::string variance_table(const std::vector<VarianceRow>& rows);

/// An SVG file: all layers together, means above scales, one column a network (resampled data).
std::string variance_plot(const std::vector<VarianceRow>& rows);

}  // namespace bnn
