#include "bnn/report/svg_sheet.h"

#include <algorithm>
#include <cmath>

#include "bnn/report/report_style.h"
#include "bnn/report/svg_elements.h"

namespace bnn {
namespace {

constexpr double kPanelWidth = 450, kPanelHeight = 330;
constexpr double kMargin = 14, kHeader = 46, kTitle = 24;

Markup panel(Chart chart, double left, double top) {
  chart.width = kPanelWidth - 2 * kMargin;
  chart.height = kPanelHeight - kTitle - kMargin;
  return markup("<g transform=\"translate({} {})\">\n{}</g>\n", svg_number(left + kMargin),
                svg_number(top),
                svg_text(0, 10, "class=\"panel\"", escaped(chart.title)) +
                    markup("<g transform=\"translate(0 {})\">\n{}</g>\n", svg_number(kTitle),
                           chart_body(chart)));
}

}  // namespace

std::string svg_sheet(const SvgSheet& sheet) {
  const double width = 2 * kPanelWidth;
  const double rows = std::ceil(static_cast<double>(sheet.charts.size()) / 2);
  const double height = kHeader + kPanelHeight * rows;
  Markup panels;
  for (std::size_t i = 0; i < sheet.charts.size(); ++i) {
    panels += panel(sheet.charts[i], kPanelWidth * static_cast<double>(i % 2),
                    kHeader + kPanelHeight * static_cast<double>(i / 2));
  }
  const Markup file = markup(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" "
      "viewBox=\"0 0 {0} {1}\" role=\"img\" aria-labelledby=\"title description\">\n"
      "<title id=\"title\">{2}</title>\n<desc id=\"description\">{3}</desc>\n<style>{4}</style>\n"
      "<rect width=\"{0}\" height=\"{1}\" class=\"paper\"/>\n{5}{6}</svg>\n",
      width, height, sheet.title, sheet.description, Markup::trusted(figure_style()),
      svg_text(kMargin, 26, "class=\"title\"", escaped(sheet.title)), panels);
  return file.text();
}

ChartSeries power_guide(const std::string& name, double exponent, const ChartPoint& start,
                        const Chart& chart) {
  ChartSeries guide{name, "soft thin open", {}, false};
  if (!chart.x.shows(start.x) || !chart.y.shows(start.y)) return guide;
  const double at_lowest = start.x * std::pow(chart.y.low / start.y, 1 / exponent);
  const double end =
      exponent > 0 ? std::max(chart.x.low, at_lowest) : std::min(chart.x.high, at_lowest);
  guide.points = {start, {end, start.y * std::pow(end / start.x, exponent)}};
  guide.points.front().error = 0;
  return guide;
}

}  // namespace bnn
