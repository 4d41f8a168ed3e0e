#include "bnn/report/svg_strips.h"

#include <algorithm>
#include <cmath>

#include "bnn/report/svg_elements.h"

namespace bnn {
namespace {

constexpr double kStripsWidth = 320, kStripsLeft = 16, kStripsRight = 304;
constexpr double kLabel = 16, kBars = 36, kGap = 10;
constexpr double kStripHeight = kLabel + kBars + kGap;
constexpr double kStripsBottom = 36;

bool is_empty(const Strip& strip) {
  return std::all_of(strip.counts.begin(), strip.counts.end(),
                     [](std::size_t count) { return count == 0; });
}

Markup bars(const Strip& strip, double baseline) {
  const auto tallest =
      static_cast<double>(*std::max_element(strip.counts.begin(), strip.counts.end()));
  const double step = (kStripsRight - kStripsLeft) / static_cast<double>(strip.counts.size());
  Markup html;
  for (std::size_t b = 0; b < strip.counts.size(); ++b) {
    if (strip.counts[b] == 0) continue;
    // A bin that is not empty stays visible, however small its count is.
    const double height = std::max(kBars * static_cast<double>(strip.counts[b]) / tallest, 0.8);
    html += svg_rectangle(kStripsLeft + step * static_cast<double>(b) + 0.3, baseline - height,
                          step - 0.6, height, markup("class=\"bar {}\"", strip.style));
  }
  return html;
}

Markup strip_markup(const StripChart& chart, const Strip& strip, double top) {
  const double baseline = top + kLabel + kBars;
  Markup html =
      svg_text(kStripsLeft, top + 10, markup("class=\"label {}\"", strip.style),
               markup("{}<tspan class=\"note\" dx=\"8\">{}</tspan>", strip.name, strip.note));
  html += bars(strip, baseline);
  html += svg_line(kStripsLeft, baseline, kStripsRight, baseline, "class=\"axis\"");
  if (strip.mark && chart.x.shows(*strip.mark)) {
    const double x = std::clamp(chart.x.place(*strip.mark, kStripsLeft, kStripsRight), kStripsLeft,
                                kStripsRight);
    html += svg_line(x, baseline - kBars, x, baseline + 5, "class=\"median\"");
  }
  return html;
}

}  // namespace

std::vector<std::size_t> histogram(std::span<const double> values, double low, double high,
                                   std::size_t bins) {
  std::vector<std::size_t> counts(bins, 0);
  const double scale = static_cast<double>(bins) / (high - low);
  const auto last = static_cast<double>(bins - 1);
  for (const double value : values) {
    if (std::isnan(value)) continue;
    const double bin = high > low ? std::floor((value - low) * scale) : 0;
    ++counts[static_cast<std::size_t>(std::clamp(bin, 0.0, last))];
  }
  return counts;
}

std::optional<double> median(std::vector<double> values) {
  std::erase_if(values, [](double value) { return std::isnan(value); });
  if (values.empty()) return std::nullopt;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>((values.size() - 1) / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

Markup svg_strips(const StripChart& chart) {
  double top = 0;
  Markup body;
  for (const Strip& strip : chart.strips) {
    if (is_empty(strip)) continue;
    body += strip_markup(chart, strip, top);
    top += kStripHeight;
  }
  if (body.empty()) return body;
  const ChartArea area{kStripsLeft, kStripsRight, 0, top - kGap};
  return svg_image(kStripsWidth, area.bottom + kStripsBottom, chart.title, chart.description,
                   svg_x_axis(chart.x, area) + body);
}

}  // namespace bnn
