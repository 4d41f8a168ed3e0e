#pragma once
// Histograms as strips, one below the other on a common axis: groups of very different size stay
// comparable, since each strip has its own height. Thread-safe: no state.

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "bnn/report/svg_chart.h"

namespace bnn {

/// How many values fall into each of `bins` equal parts of [low, high]; values beyond an end count
/// in the bin at that end, and those that are not numbers nowhere.
std::vector<std::size_t> histogram(std::span<const double> values, double low, double high,
                                   std::size_t bins);

/// The value in the middle, the lower one of two; none without values.
std::optional<double> median(std::vector<double> values);

struct Strip {
  std::string name, note;  // plain text: what the group is, and its numbers
  std::string style;       // CSS class: "right", "wrong", "out" or "soft"
  std::vector<std::size_t> counts;
  std::optional<double> mark = {};  // a value that is marked, as the median
};

struct StripChart {
  std::string title, description;  // plain text
  ChartAxis x;
  std::vector<Strip> strips;
};

/// The strips that hold something; empty if none does.
Markup svg_strips(const StripChart& chart);

}  // namespace bnn
