#include "bench/svg_plot.h"

#include <array>
#include <cstddef>
#include <cstdio>
#include <sstream>

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

// The numbers in the last element that has the form of `format`, which holds four %lf.
std::array<double, 4> last_numbers(const std::string& svg, const char* format) {
  std::array<double, 4> found{}, n{};
  std::istringstream lines(svg);
  for (std::string line; std::getline(lines, line);) {
    if (std::sscanf(line.c_str(), format, &n[0], &n[1], &n[2], &n[3]) == 4) found = n;
  }
  return found;
}

TEST_CASE("a guide of slope 1 lies on points that grow with x and ends at the last") {
  Plot plot = small_plot();
  // The second series, whose markers are no paths.
  plot.panels[0].series = {{"none", {}}, {"rising", {{1.0, 2.0, 0.0}, {100.0, 200.0, 0.0}}}};
  plot.guide = {1.0, "slope <1>"};
  const std::string svg = svg_plot(plot);
  CHECK_THAT(svg, Contains("slope &lt;1&gt;"));
  const auto path = last_numbers(svg, "<path d=\"M%lf %lf L%lf %lf");
  const std::string dashed = svg.substr(0, svg.rfind("dasharray=\"7 5\""));
  const auto guide = last_numbers(dashed, "<line x1=\"%lf\" y1=\"%lf\" x2=\"%lf\" y2=\"%lf");
  CHECK(guide[0] == path[2]);
  CHECK(guide[1] == path[3]);
  CHECK(guide[2] < path[0]);
  CHECK((guide[3] - guide[1]) / (guide[2] - guide[0]) ==
        Approx((path[1] - path[3]) / (path[0] - path[2])).epsilon(0.01));
}

TEST_CASE("a panel may have its own ticks and label") {
  Plot plot = small_plot();
  plot.panels[0].x_label = "own label";
  plot.panels[0].x_ticks = {1.0, 37.0};
  const std::string svg = svg_plot(plot);
  CHECK_THAT(svg, Contains("own label"));
  CHECK_THAT(svg, Contains("\"middle\">37<") && !Contains("\"middle\">10<"));
}

}  // namespace
}  // namespace bnn
