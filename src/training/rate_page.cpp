#include "bnn/training/rate_page.h"

#include <algorithm>
#include <fmt/format.h>

#include "bnn/core/csv_text.h"
#include "bnn/core/display_text.h"
#include "bnn/report/html_page.h"
#include "bnn/report/html_text.h"
#include "bnn/report/svg_chart.h"
#include "bnn/report/svg_elements.h"

namespace bnn {
namespace {

std::string rate_text(double rate) { return significant(rate, 2); }

// The highest loss that the chart shows: the way down takes two thirds of its height.
double highest_shown(const std::vector<RatePoint>& points) {
  double low = points.front().smoothed, high = low;
  for (const RatePoint& point : points) low = std::min(low, point.smoothed);
  for (const RatePoint& point : points) {
    high = std::max(high, point.smoothed);
    if (point.smoothed == low) break;
  }
  return low + 1.5 * std::max(high - low, 0.01);
}

std::vector<ChartPoint> shown_curve(const std::vector<RatePoint>& points, double RatePoint::*value,
                                    double highest) {
  std::vector<ChartPoint> curve;
  for (const RatePoint& point : points) {
    if (point.*value <= highest) curve.push_back({point.rate, point.*value});
  }
  return curve;
}

// A vertical line at the suggested rate.
Markup suggestion_mark(const Chart& chart, double rate) {
  const ChartArea area = chart_area(chart);
  const double x = chart.x.place(rate, area.left, area.right);
  return svg_line(x, area.top, x, area.bottom, "class=\"diagonal\"") +
         svg_text(x, area.top - 4, "class=\"tick\" text-anchor=\"middle\"",
                  escaped(rate_text(rate)));
}

Markup rate_chart(const std::vector<RatePoint>& points) {
  const double highest = highest_shown(points);
  Chart chart{.title = "Loss over the learning rate",
              .description = "",
              .x = {},
              .y = {},
              .series = {{"", "soft thin", shown_curve(points, &RatePoint::nll, highest), false},
                         {"", "right", shown_curve(points, &RatePoint::smoothed, highest), false}},
              .width = 480,
              .height = 280};
  std::vector<double> rates, losses;
  for (const ChartSeries& series : chart.series) {
    for (const ChartPoint& point : series.points) losses.push_back(point.y);
  }
  for (const RatePoint& point : points) rates.push_back(point.rate);
  chart.x = log_axis_over("learning rate", rates);
  chart.y = axis_over("NLL of a batch, nats per example", losses, false);
  const auto suggestion = suggested_rate(points);
  if (suggestion) {
    chart.description = fmt::format("Lowest at {}, suggested {}.", rate_text(suggestion->lowest),
                                    rate_text(suggestion->rate));
    chart.inside = suggestion_mark(chart, suggestion->rate);
  }
  return html_figure(
      svg_chart(chart), "Loss over the learning rate.",
      markup("Thin: the NLL of each batch. Thick: its moving average. Losses above {} are not "
             "drawn.{}",
             fixed(highest, 2), suggestion ? " The dashed line is the suggested rate." : ""));
}

}  // namespace

std::string rate_csv(const std::vector<RatePoint>& points) {
  std::string text = csv_line({"step", "learning_rate", "nll", "smoothed_nll"});
  std::size_t step = 0;
  for (const RatePoint& point : points) {
    text += csv_line({fmt::format("{}", ++step), shortest(point.rate), shortest(point.nll),
                      shortest(point.smoothed)});
  }
  return text;
}

std::string rate_sentence(const std::vector<RatePoint>& points, bool ended_early) {
  const auto suggestion = suggested_rate(points);
  if (!suggestion) {
    return ended_early ? "No learning rate to suggest: the loss rose before it had fallen; try "
                         "lower rates with --rates, or more steps with --max-steps"
                       : "No learning rate to suggest: the loss did not fall; try higher rates "
                         "with --rates, or more steps with --max-steps";
  }
  std::string text =
      fmt::format("Suggested learning rate: {}, a tenth of {}, where the smoothed loss was lowest",
                  rate_text(suggestion->rate), rate_text(suggestion->lowest));
  if (!ended_early) text += "; the loss had not blown up at the highest rate";
  return text;
}

std::string rate_page(const std::string& name, const std::vector<RatePoint>& points,
                      bool ended_early) {
  const std::string sentence = rate_sentence(points, ended_early);
  return html_page(
      short_name(name) + ": learning rate",
      markup("<h1>Learning rate of {}</h1>\n<p class=\"lead\">{}.</p>\n{}"
             "<p>A short training from the run's initial weights, in which the learning rate grew "
             "by the same factor from step to step. Its weights are not kept. The suggestion is "
             "for the highest rate of a schedule.</p>\n",
             html_name(name), sentence, rate_chart(points)));
}

}  // namespace bnn
