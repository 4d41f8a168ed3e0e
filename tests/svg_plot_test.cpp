#include "bench/svg_plot.h"

#include <cstddef>

#include <catch2/catch.hpp>

namespace bnn {
namespace {

using Catch::Matchers::Contains;

Plot small_plot() {
  const PlotSeries falling{"falling", {{1.0, 1.0, 0.1}, {10.0, 0.1, 0.01}, {100.0, 0.01, 0.001}}};
  const PlotSeries other{"other", {{1.0, 2.0, 0.1}, {10.0, 2.0, 3.0}}};
  return {"a title", "a description", "x", {1.0, 10.0, 100.0}, {{"panel", "y", {falling, other}}}};
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++found;
  }
  return found;
}

TEST_CASE("a plot has a title, a description, a line a series and a marker a point") {
  const std::string svg = svg_plot(small_plot());
  CHECK_THAT(svg, Contains("<title id=\"title\">a title</title>"));
  CHECK_THAT(svg, Contains("<desc id=\"description\">a description</desc>"));
  CHECK(count(svg, "<path d=\"M") == 2 + 4);  // lines; the square markers, and one in the legend
  CHECK(count(svg, "<circle") == 2 + 1);
  CHECK(count(svg, "nan") + count(svg, "n/a") + count(svg, "inf") == 0);
}

TEST_CASE("text in a plot cannot become markup") {
  Plot plot = small_plot();
  plot.panels[0].title = plot.title = "<script>&\"\x01\xff";
  const std::string svg = svg_plot(plot);
  CHECK(count(svg, "<script") == 0);
  CHECK_THAT(svg, Contains("&lt;script&gt;&amp;&quot; \xef\xbf\xbd"));
}

TEST_CASE("points that logarithmic axes cannot show are left out") {
  Plot plot = small_plot();
  for (PlotSeries& series : plot.panels[0].series) series.points.push_back({1000.0, 0.0, 0.0});
  CHECK(svg_plot(plot) == svg_plot(small_plot()));
  for (PlotSeries& series : plot.panels[0].series) series.points = {{-1.0, 1.0, 0.0}};
  plot.x_ticks.clear();
  const std::string svg = svg_plot(plot);
  CHECK(count(svg, "nan") + count(svg, "n/a") + count(svg, "inf") == 0);
}

}  // namespace
}  // namespace bnn
