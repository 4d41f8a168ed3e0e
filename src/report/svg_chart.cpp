#include "bnn/report/svg_chart.h"

#include <algorithm>
#include <cmath>

#include "bnn/core/display_text.h"
#include "bnn/core/utf8.h"
#include "bnn/report/html_text.h"
#include "bnn/report/svg_elements.h"

namespace bnn {
namespace {

constexpr double kLeft = 40, kTop = 24, kBottom = 36, kMinRight = 18;
constexpr double kLetter = 6.1;        // the width of a letter of a label, at most on average
constexpr double kLabelHeight = 12;    // the least distance of two labels
constexpr std::size_t kMaxMarks = 24;  // more would hide their line

double axis_value(const ChartAxis& axis, double value) {
  return axis.logarithmic ? std::log10(value) : value;
}

std::vector<ChartPoint> shown_points(const Chart& chart, const ChartSeries& series) {
  std::vector<ChartPoint> points;
  for (const ChartPoint& point : series.points) {
    if (chart.x.shows(point.x) && chart.y.shows(point.y)) points.push_back(point);
  }
  return points;
}

double label_width(const std::string& text) {
  const auto letters = std::count_if(text.begin(), text.end(),
                                     [](char byte) { return !is_utf8_continuation(byte); });
  return kLetter * static_cast<double>(letters);
}

struct EndLabel {
  double x, y;
  std::string text, style;
};

// Moves labels down until no two overlap, then up again if the last one left the chart.
void spread(std::vector<EndLabel>& labels, double bottom) {
  std::stable_sort(labels.begin(), labels.end(),
                   [](const EndLabel& a, const EndLabel& b) { return a.y < b.y; });
  for (std::size_t i = 1; i < labels.size(); ++i) {
    labels[i].y = std::max(labels[i].y, labels[i - 1].y + kLabelHeight);
  }
  double limit = bottom;
  for (std::size_t i = labels.size(); i-- > 0; limit -= kLabelHeight) {
    labels[i].y = std::min(labels[i].y, limit);
  }
}

// A bar from y - error to y + error, within the chart.
Markup error_bar(const Chart& chart, const ChartArea& area, const ChartSeries& series,
                 const ChartPoint& point) {
  if (!(point.error > 0)) return {};
  const auto place = [&](double y) {
    if (!chart.y.shows(y)) return area.bottom;
    return std::clamp(chart.y.place(y, area.bottom, area.top), area.top, area.bottom);
  };
  const double x = chart.x.place(point.x, area.left, area.right);
  const double low = place(point.y - point.error), high = place(point.y + point.error);
  const Markup style = markup("class=\"line thin {}\"", series.style);
  return svg_line(x, high, x, low, style) + svg_line(x - 3, high, x + 3, high, style) +
         svg_line(x - 3, low, x + 3, low, style);
}

Markup line_markup(const Chart& chart, const ChartArea& area, const ChartSeries& series,
                   const std::vector<ChartPoint>& points) {
  std::string path;
  Markup bars, marks;
  for (const ChartPoint& point : points) {
    const double x = chart.x.place(point.x, area.left, area.right);
    const double y = chart.y.place(point.y, area.bottom, area.top);
    path += fmt::format("{}{} {}", path.empty() ? 'M' : 'L', svg_number(x), svg_number(y));
    bars += error_bar(chart, area, series, point);
    marks += svg_circle(x, y, 2.2, markup("class=\"mark {}\"", series.style));
  }
  const bool marked = points.size() == 1 || (series.marks && points.size() <= kMaxMarks);
  return markup("<path d=\"{}\" class=\"line {}\"/>\n", path, series.style) + bars +
         (marked ? marks : Markup());
}

}  // namespace

std::vector<Tick> round_ticks(double low, double high, int count, TickText text) {
  if (!(high > low) || !std::isfinite(high - low)) return {};
  const double rough = (high - low) / count;
  const double power = std::pow(10.0, std::floor(std::log10(rough) + 1e-9));
  double step = 10 * power;
  for (const double factor : {5.0, 2.0, 1.0}) {
    if (rough <= factor * power * (1 + 1e-9)) step = factor * power;
  }
  const double unit = text == TickText::percent ? 100 : 1;
  const int decimals = std::max(0, -static_cast<int>(std::floor(std::log10(step * unit) + 1e-9)));
  std::vector<Tick> ticks;
  // Ends that rounding has moved a little still get their ticks.
  const double first = std::ceil(low / step - 1e-9);
  for (double i = first; i * step <= high + 1e-9 * step; i += 1) {
    const double at = i == 0 ? 0 : i * step;
    ticks.push_back({at, text == TickText::percent ? percent(at, decimals) : fixed(at, decimals)});
  }
  return ticks;
}

double ChartAxis::place(double value, double from, double until) const {
  const double begin = axis_value(*this, low), end = axis_value(*this, high);
  if (!(end > begin)) return (from + until) / 2;
  return from + (until - from) * (axis_value(*this, value) - begin) / (end - begin);
}

bool ChartAxis::shows(double value) const {
  return std::isfinite(value) && (!logarithmic || value > 0);
}

ChartAxis axis_over(const std::string& label, std::span<const double> values, bool from_zero,
                    TickText text) {
  double low = INFINITY, high = -INFINITY;
  for (const double value : values) {
    if (!std::isfinite(value)) continue;
    low = std::min(low, value);
    high = std::max(high, value);
  }
  if (low > high) low = high = 0;
  if (from_zero) low = std::min(low, 0.0);
  if (!(high > low)) high = low + std::max(std::abs(low), 1.0) * 0.1;
  const double margin = 0.04 * (high - low);
  ChartAxis axis{label, from_zero && low == 0 ? 0 : low - margin, high + margin};
  axis.ticks = round_ticks(axis.low, axis.high, 4, text);
  return axis;
}

ChartAxis axis_of(const std::string& label, std::span<const double> values, TickText text) {
  ChartAxis axis{label, 1, 10, {}, true};
  if (values.empty()) return axis;
  axis.low = *std::min_element(values.begin(), values.end());
  axis.high = *std::max_element(values.begin(), values.end());
  for (const double value : values) {
    axis.ticks.push_back({value, text == TickText::percent ? significant(100 * value, 3) + " %"
                                                           : significant(value, 6)});
  }
  return axis;
}

ChartAxis log_axis_over(const std::string& label, std::span<const double> values) {
  double low = INFINITY, high = -INFINITY;  // log10
  for (const double value : values) {
    if (!std::isfinite(value) || !(value > 0)) continue;
    low = std::min(low, std::log10(value));
    high = std::max(high, std::log10(value));
  }
  if (low > high) low = 0, high = 1;
  const double margin = std::max(0.04 * (high - low), 0.05);
  ChartAxis axis{label, std::pow(10.0, low - margin), std::pow(10.0, high + margin), {}, true};
  const bool is_short = high - low < 2;
  for (double power = std::floor(low - margin); power <= high + margin; power += 1) {
    for (const int digit : {1, 2, 5}) {
      const double at = digit * std::pow(10.0, power);
      if (at < axis.low || at > axis.high || (digit > 1 && !is_short)) continue;
      axis.ticks.push_back({at, significant(at, 3)});
    }
  }
  return axis;
}

ChartArea chart_area(const Chart& chart) {
  double right = kMinRight;
  for (const ChartSeries& series : chart.series) {
    if (!series.name.empty()) right = std::max(right, label_width(series.name) + 8);
  }
  right = std::min(right, chart.width / 2);
  return {kLeft, chart.width - right, kTop, chart.height - kBottom};
}

Markup svg_x_axis(const ChartAxis& axis, const ChartArea& area) {
  Markup html = svg_line(area.left, area.bottom, area.right, area.bottom, "class=\"axis\"");
  double free_from = -INFINITY;  // where the next label may begin
  for (const Tick& tick : axis.ticks) {
    const double x = axis.place(tick.at, area.left, area.right);
    html += svg_line(x, area.bottom, x, area.bottom + 4, "class=\"axis\"");
    const double half = label_width(tick.text) / 2;
    if (x - half < free_from) continue;
    free_from = x + half + 3;
    html +=
        svg_text(x, area.bottom + 15, "class=\"tick\" text-anchor=\"middle\"", escaped(tick.text));
  }
  return html + svg_text((area.left + area.right) / 2, area.bottom + 30,
                         "class=\"tick\" text-anchor=\"middle\"", escaped(axis.label));
}

Markup svg_y_axis(const ChartAxis& axis, const ChartArea& area) {
  Markup html;
  for (const Tick& tick : axis.ticks) {
    const double y = axis.place(tick.at, area.bottom, area.top);
    html += svg_line(area.left, y, area.right, y, "class=\"grid\"");
    html +=
        svg_text(area.left - 6, y + 3.6, "class=\"tick\" text-anchor=\"end\"", escaped(tick.text));
  }
  if (axis.label.empty()) return html;
  return html + svg_text(0, area.top - 12, "class=\"tick\"", escaped(axis.label));
}

Markup chart_body(const Chart& chart) {
  const ChartArea area = chart_area(chart);
  Markup lines;
  std::vector<EndLabel> labels;
  for (const ChartSeries& series : chart.series) {
    const std::vector<ChartPoint> points = shown_points(chart, series);
    if (points.empty()) continue;
    lines += line_markup(chart, area, series, points);
    if (series.name.empty()) continue;
    labels.push_back({chart.x.place(points.back().x, area.left, area.right) + 6,
                      chart.y.place(points.back().y, area.bottom, area.top) + 3.6, series.name,
                      series.style});
  }
  if (lines.empty()) return lines;
  spread(labels, area.bottom);
  for (const EndLabel& label : labels) {
    lines +=
        svg_text(label.x, label.y, markup("class=\"label {}\"", label.style), escaped(label.text));
  }
  return svg_y_axis(chart.y, area) + svg_x_axis(chart.x, area) + chart.inside + lines;
}

Markup svg_chart(const Chart& chart) {
  const Markup body = chart_body(chart);
  if (body.empty()) return body;
  return svg_image(chart.width, chart.height, chart.title, chart.description, body);
}

}  // namespace bnn
