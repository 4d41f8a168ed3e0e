#pragma once
// Line charts for a page: thin axes, round ticks, names at the ends of the lines instead of a
// legend. Colours are CSS classes of the page, so that a chart follows its light and dark form.
//
// Points that are not finite, or not above 0 on a logarithmic axis, are left out. Thread-safe: no
// state.

#include <span>
#include <string>
#include <vector>

#include "bnn/report/markup.h"

namespace bnn {

struct Tick {
  double at = 0;
  std::string text;
};

enum class TickText { plain, percent };

/// The multiples of 1, 2 or 5 times a power of ten within [low, high], about `count` of them.
std::vector<Tick> round_ticks(double low, double high, int count, TickText text = TickText::plain);

struct ChartAxis {
  std::string label;  // plain text
  double low = 0, high = 1;
  std::vector<Tick> ticks = {};
  bool logarithmic = false;

  /// Where a value lies between the two ends of the axis, in pixels.
  double place(double value, double from, double until) const;
  bool shows(double value) const;
};

/// An axis over the finite values with a small margin; `from_zero` begins it at 0.
ChartAxis axis_over(const std::string& label, std::span<const double> values, bool from_zero,
                    TickText text = TickText::plain);
/// A logarithmic axis whose ticks are the values themselves, which are above 0.
ChartAxis axis_of(const std::string& label, std::span<const double> values, TickText text);

/// A logarithmic axis over the values above 0 with a small margin. Its ticks are powers of ten and,
/// where it is less than two decades long, 2 and 5 times these.
ChartAxis log_axis_over(const std::string& label, std::span<const double> values);

struct ChartPoint {
  double x = 0, y = 0;
  double error = 0;  // half the length of a bar around y; 0: none
};

struct ChartSeries {
  std::string name;   // plain text, at the end of the line
  std::string style;  // CSS class: "right", "wrong", "out" or "soft"; "open" makes hollow marks
  std::vector<ChartPoint> points;
  bool marks = true;  // on the points, where there are few
};

struct Chart {
  std::string title, description;  // plain text
  ChartAxis x, y;
  std::vector<ChartSeries> series;
  double width = 320, height = 200;
  Markup inside = {};  // further elements below the lines, see ChartArea
};

/// Where the lines of a chart lie, in pixels.
struct ChartArea {
  double left, right, top, bottom;
};
ChartArea chart_area(const Chart& chart);

/// The horizontal axis with ticks and label along `bottom`; the vertical one with ticks on the left
/// and its label above.
Markup svg_x_axis(const ChartAxis& axis, const ChartArea& area);
Markup svg_y_axis(const ChartAxis& axis, const ChartArea& area);

/// What a chart draws, without the <svg> around it; empty if there is no point to show.
Markup chart_body(const Chart& chart);

/// Empty if there is no point to show.
Markup svg_chart(const Chart& chart);

}  // namespace bnn
