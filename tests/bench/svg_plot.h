#pragma once
// Panels of lines with error bars on logarithmic axes, as an SVG file that stands alone: no script,
// no font or style from elsewhere, a background of its own, a title and a description for readers
// who hear it.

#include <string>
#include <vector>

namespace bnn {

struct PlotPoint {
  double x = 0.0, y = 0.0;
  double error = 0.0;  // half the length of the bar
};

/// Points where x or y is not above 0 are left out: they have no place on logarithmic axes.
struct PlotSeries {
  std::string name;
  std::vector<PlotPoint> points;
};

struct PlotPanel {
  std::string title;
  std::string y_label;
  std::vector<PlotSeries> series;
  std::string x_label = {};          // empty: the plot's
  std::vector<double> x_ticks = {};  // empty: the plot's
};

/// A dashed line in every panel that follows x^exponent; the exponent is not 0. A line that falls
/// starts at the panel's first point, one that rises ends at its last.
struct PlotGuide {
  double exponent = -1.0;
  std::string name = "1/N";  // in the legend
};

struct Plot {
  std::string title, description;
  std::string x_label;
  std::vector<double> x_ticks;
  std::vector<PlotPanel> panels;  // two in a row
  PlotGuide guide = {};
};

/// The text of the file. Series of the same place in their panels have the same colour, marker and
/// name; there are four kinds.
std::string svg_plot(const Plot& plot);

}  // namespace bnn
