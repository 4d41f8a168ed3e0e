#pragma once
// What was measured, as CSV, as a table for people and as a plot.

#include <string>
#include <vector>

#include "timed_workload.h"

namespace bnn {

/// One point: a workload, which of its numbers is varied, and how long it took.
struct CostRow {
  std::string varied;  // "batch size", "filters", "samples"
  double x = 0.0;      // its value
  Workload workload = {};
  std::vector<double> seconds = {};  // of each round

  /// The time that a share of the rounds stayed below: 0.5 for the median.
  double quantile(double share) const;
};

std::string cost_csv(const std::vector<CostRow>& rows, int threads);

/// Rows with the quartiles of a file that cost_csv made. Throws Error(data) if it is another one.
std::vector<CostRow> read_cost_csv(const std::string& path);

/// A block for everything that is varied: median, quartiles, time for each unit of x, and the
/// exponent of x between neighbouring points: 1 where cost grows in proportion.
std::string cost_table(const std::vector<CostRow>& rows);

/// An SVG file: one chart for everything that is varied, with a guide of slope 1.
std::string cost_plot(const std::vector<CostRow>& rows);

}  // namespace bnn
