#include "svg_series.h"

#include <array>

#include "bnn/report/svg_elements.h"

namespace bnn {
namespace {

struct Style {
  const char* color;
  const char* dashes;
};

// Colours that differ for colour-blind readers as well (Okabe and Ito), but for the last.
constexpr std::array<Style, 4> kStyles = {Style{"#d55e00", ""}, Style{"#0072b2", ""},
                                          Style{"#009e73", "6 3"}, Style{"#6b4fa0", "2 3"}};

const Style& style_of(std::size_t series) { return kStyles[series % kStyles.size()]; }

std::string closed_path(const std::string& points, const std::string& paint) {
  return "<path d=\"M" + points + "z\" " + paint + "/>\n";
}

}  // namespace

std::string series_color(std::size_t series) { return style_of(series).color; }

std::string series_stroke(std::size_t series) {
  const std::string dashes = style_of(series).dashes;
  return "fill=\"none\" stroke=\"" + series_color(series) + "\" stroke-width=\"1.8\"" +
         (dashes.empty() ? "" : " stroke-dasharray=\"" + dashes + "\"");
}

std::string series_marker(std::size_t series, double x, double y) {
  const std::string full = "fill=\"" + series_color(series) + "\"";
  const std::string hollow =
      "fill=\"none\" stroke=\"" + series_color(series) + "\" stroke-width=\"1.5\"";
  const auto at = [&](double dx, double dy) {
    return svg_number(x + dx) + " " + svg_number(y + dy);
  };
  switch (series % kStyles.size()) {
    case 0:
      return closed_path(at(-4, -4) + "L" + at(4, -4) + "L" + at(4, 4) + "L" + at(-4, 4), full);
    case 1:
      return "<circle cx=\"" + svg_number(x) + "\" cy=\"" + svg_number(y) + "\" r=\"3.2\" " + full +
             "/>\n";
    case 2:
      return closed_path(at(0, -7) + "L" + at(6, 4.5) + "L" + at(-6, 4.5), hollow);
    default:
      return closed_path(at(0, -8) + "L" + at(8, 0) + "L" + at(0, 8) + "L" + at(-8, 0), hollow);
  }
}

}  // namespace bnn
