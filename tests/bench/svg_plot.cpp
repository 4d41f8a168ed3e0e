#include "svg_plot.h"

#include <algorithm>
#include <cmath>

#include "bnn/core/display_text.h"
#include "bnn/report/svg_elements.h"
#include "svg_series.h"

namespace bnn {
namespace {

constexpr double kPanelWidth = 450.0, kPanelHeight = 330.0;
constexpr double kLeft = 66.0, kRight = 16.0, kTop = 34.0, kBottom = 46.0;
constexpr double kHeader = 78.0;  // title and legend above the panels

constexpr auto kGuideStroke = "stroke=\"#767676\" stroke-width=\"1.3\" stroke-dasharray=\"7 5\"";

bool is_drawn(const PlotPoint& point) { return point.x > 0.0 && point.y > 0.0; }

// From the logarithm of a value to a place on the page.
struct Axis {
  double low, high;    // log10
  double from, until;  // pixels

  double place(double value) const {
    return from + (until - from) * (std::log10(value) - low) / (high - low);
  }
};

struct Range {
  double low = INFINITY, high = -INFINITY;

  void add(double value) {
    if (!(value > 0.0)) return;
    low = std::min(low, std::log10(value));
    high = std::max(high, std::log10(value));
  }
  Axis axis(double from, double until) const {
    if (low > high) return {0.0, 1.0, from, until};
    const double margin = std::max(0.04 * (high - low), 0.05);
    return {low - margin, high + margin, from, until};
  }
};

class PanelDrawing {
 public:
  PanelDrawing(const Plot& plot, const PlotPanel& panel, double left, double top)
      : plot_(plot),
        panel_(panel),
        left_(left + kLeft),
        right_(left + kPanelWidth - kRight),
        top_(top + kTop),
        bottom_(top + kPanelHeight - kBottom) {
    Range xs, ys;
    for (const double tick : x_ticks()) xs.add(tick);
    for (const PlotSeries& series : panel.series) {
      for (const PlotPoint& point : series.points) {
        if (!is_drawn(point)) continue;
        xs.add(point.x);
        ys.add(point.y);
        ys.add(point.y - point.error);
        ys.add(point.y + point.error);
      }
    }
    x_ = xs.axis(left_, right_);
    y_ = ys.axis(bottom_, top_);
  }

  std::string draw() const {
    std::string out = frame() + x_axis() + y_axis() + guide();
    // The last series first: hollow markers below, the full ones on top.
    for (std::size_t i = panel_.series.size(); i-- > 0;) out += series(i);
    return out;
  }

 private:
  const std::vector<double>& x_ticks() const {
    return panel_.x_ticks.empty() ? plot_.x_ticks : panel_.x_ticks;
  }

  std::string frame() const {
    return "<rect x=\"" + svg_number(left_) + "\" y=\"" + svg_number(top_) + "\" width=\"" +
           svg_number(right_ - left_) + "\" height=\"" + svg_number(bottom_ - top_) +
           "\" fill=\"none\" stroke=\"#555555\"/>\n" +
           svg_text((left_ + right_) / 2, top_ - 10,
                    " text-anchor=\"middle\" font-size=\"14\" font-weight=\"bold\"",
                    escaped_markup(panel_.title));
  }

  std::string x_axis() const {
    std::string out;
    for (const double tick : x_ticks()) {
      const double x = x_.place(tick);
      out += svg_line(x, top_, x, bottom_, "stroke=\"#e4e4e4\"");
      out += svg_line(x, bottom_, x, bottom_ + 5, "stroke=\"#555555\"");
      out += svg_text(x, bottom_ + 18, " text-anchor=\"middle\"", shortest(tick));
    }
    return out + svg_text((left_ + right_) / 2, bottom_ + 36, " text-anchor=\"middle\"",
                          escaped_markup(panel_.x_label.empty() ? plot_.x_label : panel_.x_label));
  }

  std::string y_axis() const {
    std::string out;
    for (double power = std::floor(y_.low); power <= y_.high; power += 1.0) {
      for (int digit = 1; digit < 10; ++digit) out += y_tick(digit, power);
    }
    const double x = left_ - 46, y = (top_ + bottom_) / 2;
    return out + svg_text(x, y,
                          " text-anchor=\"middle\" transform=\"rotate(-90 " + svg_number(x) + " " +
                              svg_number(y) + ")\"",
                          escaped_markup(panel_.y_label));
  }

  // A power of ten has a line and a label; the digits between have short marks, and where the axis
  // is less than two decades long 2 and 5 have labels as well.
  std::string y_tick(int digit, double power) const {
    const double value = digit * std::pow(10.0, power);
    const double y = y_.place(value);
    if (y > bottom_ || y < top_) return "";
    if (digit > 1) {
      const bool is_short = y_.high - y_.low < 2.0 && (digit == 2 || digit == 5);
      return svg_line(left_ - (is_short ? 5 : 3), y, left_, y, "stroke=\"#555555\"") +
             (is_short ? y_tick_label(y, std::to_string(digit) + "·10", power) : "");
    }
    return svg_line(left_, y, right_, y, "stroke=\"#e4e4e4\"") +
           svg_line(left_ - 5, y, left_, y, "stroke=\"#555555\"") + y_tick_label(y, "10", power);
  }

  std::string y_tick_label(double y, const std::string& mantissa, double power) const {
    return svg_text(left_ - 8, y + 4, " text-anchor=\"end\"",
                    mantissa + "<tspan dy=\"-5\" font-size=\"9\">" + fixed(power, 0) + "</tspan>");
  }

  // From the first point of the panel to the lower or right edge, or from the last one to the lower
  // or left edge: along y = start.y (x / start.x)^exponent.
  std::string guide() const {
    const double exponent = plot_.guide.exponent;
    const bool rises = exponent > 0.0;
    for (const PlotSeries& series : panel_.series) {
      if (series.points.empty()) continue;
      const PlotPoint& start = rises ? series.points.back() : series.points.front();
      if (!is_drawn(start)) continue;
      const double lowest = std::pow(10.0, y_.low);
      const double at_lowest = start.x * std::pow(lowest / start.y, 1.0 / exponent);
      const double end = rises ? std::max(std::pow(10.0, x_.low), at_lowest)
                               : std::min(std::pow(10.0, x_.high), at_lowest);
      return svg_line(x_.place(start.x), y_.place(start.y), x_.place(end),
                      y_.place(start.y * std::pow(end / start.x, exponent)), kGuideStroke);
    }
    return "";
  }

  std::string series(std::size_t index) const {
    std::string path, marks;
    for (const PlotPoint& point : panel_.series[index].points) {
      if (!is_drawn(point)) continue;
      const double x = x_.place(point.x), y = y_.place(point.y);
      path += (path.empty() ? "M" : " L") + svg_number(x) + " " + svg_number(y);
      marks += error_bar(point, series_color(index)) + series_marker(index, x, y);
    }
    if (path.empty()) return "";
    return "<path d=\"" + path + "\" " + series_stroke(index) + "/>\n" + marks;
  }

  std::string error_bar(const PlotPoint& point, const std::string& color) const {
    const double x = x_.place(point.x);
    const double low = point.y - point.error;
    const double bottom = low > 0.0 ? std::min(y_.place(low), bottom_) : bottom_;
    const double top = y_.place(point.y + point.error);
    const std::string paint = "stroke=\"" + color + "\" stroke-width=\"1.2\"";
    return svg_line(x, top, x, bottom, paint) + svg_line(x - 3, top, x + 3, top, paint) +
           svg_line(x - 3, bottom, x + 3, bottom, paint);
  }

  const Plot& plot_;
  const PlotPanel& panel_;
  double left_, right_, top_, bottom_;
  Axis x_{}, y_{};
};

// One entry a series, and the guide, spread over the width.
std::string legend(const Plot& plot, double width) {
  if (plot.panels.empty()) return "";
  const auto& series = plot.panels[0].series;
  const double step = (width - 2 * kLeft) / static_cast<double>(series.size() + 1);
  std::string out;
  for (std::size_t i = 0; i <= series.size(); ++i) {
    const double x = kLeft + step * static_cast<double>(i), y = kHeader - 20;
    const bool is_guide = i == series.size();
    out += svg_line(x, y, x + 34, y, is_guide ? kGuideStroke : series_stroke(i));
    if (!is_guide) out += series_marker(i, x + 17, y);
    out += svg_text(x + 42, y + 4, "", escaped_markup(is_guide ? plot.guide.name : series[i].name));
  }
  return out;
}

}  // namespace

std::string svg_plot(const Plot& plot) {
  const std::size_t rows = (plot.panels.size() + 1) / 2;
  const double width = 2 * kPanelWidth;
  const double height = kHeader + kPanelHeight * static_cast<double>(rows);
  const std::string size = fixed(width, 0) + "\" height=\"" + fixed(height, 0) + "\"";
  std::string out = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + size +
                    " viewBox=\"0 0 " + fixed(width, 0) + " " + fixed(height, 0) +
                    "\" role=\"img\" aria-labelledby=\"title description\" "
                    "font-family=\"sans-serif\" font-size=\"12\" fill=\"#222222\">\n";
  out += "<title id=\"title\">" + escaped_markup(plot.title) + "</title>\n";
  out += "<desc id=\"description\">" + escaped_markup(plot.description) + "</desc>\n";
  out += "<rect width=\"" + size + " fill=\"#ffffff\"/>\n";
  out += svg_text(width / 2, 28, " text-anchor=\"middle\" font-size=\"16\" font-weight=\"bold\"",
                  escaped_markup(plot.title));
  out += legend(plot, width);
  for (std::size_t i = 0; i < plot.panels.size(); ++i) {
    const double left = kPanelWidth * static_cast<double>(i % 2);
    const double top = kHeader + kPanelHeight * static_cast<double>(i / 2);
    out += PanelDrawing(plot, plot.panels[i], left, top).draw();
  }
  return out + "</svg>\n";
}

}  // namespace bnn
