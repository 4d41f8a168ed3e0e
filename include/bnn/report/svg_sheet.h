#pragma once
// Charts side by side as an SVG file that stands alone: with a title, a background and the styles
// of the report, no script and nothing from elsewhere. Thread-safe: no state.

#include <string>
#include <vector>

#include "bnn/report/svg_chart.h"

namespace bnn {

struct SvgSheet {
  std::string title, description;  // plain text
  std::vector<Chart> charts;  // two in a row, their titles above them; the sheet sets the sizes
};

/// The text of the file. Charts without points leave their place empty.
std::string svg_sheet(const SvgSheet& sheet);

/// A dashed line y = start.y (x / start.x)^exponent for the logarithmic axes of a chart. A line
/// that falls runs from the start to the right, one that rises to the left, until it leaves the
/// axes. The exponent is not 0.
ChartSeries power_guide(const std::string& name, double exponent, const ChartPoint& start,
                        const Chart& chart);

}  // namespace bnn
