#include "bnn/report/report_sweeps.h"

#include <algorithm>

#include "bnn/core/display_text.h"
#include "bnn/report/html_text.h"
#include "bnn/report/svg_chart.h"

namespace bnn {
namespace {

// One number of a sweep against what is swept, on a logarithmic axis.
struct SweepCurve {
  std::string title, caption, y_label;
  TickText text = TickText::plain;
};

Markup sweep_figure(const SweepCurve& curve, ChartAxis x, const std::vector<double>& xs,
                    const std::vector<double>& ys) {
  Chart chart;
  chart.title = curve.title;
  chart.x = std::move(x);
  chart.y = axis_over(curve.y_label, ys, false, curve.text);
  ChartSeries series{"", "right", {}};
  for (std::size_t i = 0; i < xs.size(); ++i) {
    series.points.push_back({xs[i], ys[i]});
    const bool share = curve.text == TickText::percent;
    chart.description +=
        fmt::format("{}: {}. ", significant(xs[i], 4), share ? percent(ys[i], 2) : fixed(ys[i], 4));
  }
  chart.series = {series};
  return html_figure(svg_chart(chart), markup("{}.", curve.title), escaped(curve.caption));
}

template <typename Point>
std::vector<double> column(const std::vector<Point>& points, double MetricValues::*value) {
  std::vector<double> values;
  for (const Point& point : points) values.push_back(point.metrics.*value);
  return values;
}

}  // namespace

ReportSection samples_section(const std::vector<SweepPoint>& sweep) {
  ReportSection section{"samples", "Samples", "How many samples are enough", {}};
  if (sweep.empty()) return section;
  std::vector<double> samples;
  for (const SweepPoint& point : sweep) samples.push_back(static_cast<double>(point.samples));
  const ChartAxis x = axis_of("samples of the weights", samples, TickText::plain);
  HtmlTable table{"Metrics of the first samples.",
                  "",
                  {"Samples", "accuracy", "NLL", "ECE", "mutual inf."},
                  {}};
  for (const SweepPoint& point : sweep) {
    table.rows.push_back({html_count(point.samples), html_number(point.metrics.accuracy, 4),
                          html_number(point.metrics.nll, 4), html_number(point.metrics.ece, 4),
                          html_number(point.metrics.mutual_information, 4)});
  }
  const auto figure = [&](const SweepCurve& curve, double MetricValues::*value) {
    return sweep_figure(curve, x, samples, column(sweep, value));
  };
  section.body = html_figures(
      {figure({"NLL by samples", "Where the curve is flat, more samples only cost time.", "nats"},
              &Metrics::nll),
       figure({"Accuracy by samples", "", "accuracy", TickText::percent}, &Metrics::accuracy),
       html_beside(html_table(table))});
  return section;
}

ReportSection pruning_section(std::vector<PruningPoint> points) {
  ReportSection section{"pruning", "Pruning", "Pruning", {}};
  if (points.empty()) return section;
  std::stable_sort(points.begin(), points.end(),
                   [](const PruningPoint& a, const PruningPoint& b) { return a.kept < b.kept; });
  std::vector<double> kept;
  for (const PruningPoint& point : points) kept.push_back(point.kept);
  ChartAxis x = axis_over("random weights kept", kept, true, TickText::percent);
  x.high = 1;
  x.ticks = round_ticks(0, 1, 5, TickText::percent);
  HtmlTable table{
      "Metrics by share of the weights kept.", "", {"Kept", "accuracy", "NLL", "ECE"}, {}};
  for (const PruningPoint& point : points) {
    table.rows.push_back({html_percent(point.kept, 1), html_number(point.metrics.accuracy, 4),
                          html_number(point.metrics.nll, 4), html_number(point.metrics.ece, 4)});
  }
  const auto figure = [&](const SweepCurve& curve, double MetricValues::*value) {
    return sweep_figure(curve, x, kept, column(points, value));
  };
  section.body =
      "<p>Only the weights of the highest signal-to-noise ratio are kept, the rest are 0.</p>\n" +
      html_figures({figure({"Accuracy by weights kept", "", "accuracy", TickText::percent},
                           &Metrics::accuracy),
                    figure({"NLL by weights kept", "", "nats"}, &Metrics::nll),
                    html_beside(html_table(table))});
  return section;
}

}  // namespace bnn
