#include "bnn/report/report_training.h"

#include <algorithm>

#include "bnn/core/display_text.h"
#include "bnn/report/html_text.h"
#include "bnn/report/svg_chart.h"

namespace bnn {
namespace {

constexpr std::size_t kMaxPoints = 400;  // of a curve; a page is no wider than that

std::vector<ChartPoint> thinned(const std::vector<ChartPoint>& points) {
  if (points.size() <= kMaxPoints) return points;
  std::vector<ChartPoint> kept;
  for (std::size_t i = 0; i < kMaxPoints; ++i) {
    kept.push_back(points[i * (points.size() - 1) / (kMaxPoints - 1)]);
  }
  return kept;
}

std::string curve_text(const std::string& name, const std::vector<ChartPoint>& points) {
  if (points.empty()) return "";
  return fmt::format("{}: {} after epoch {}, {} after epoch {}. ", name, fixed(points.front().y, 4),
                     significant(points.front().x, 6), fixed(points.back().y, 4),
                     significant(points.back().x, 6));
}

struct Curve {
  std::string name, style;
  const std::vector<ChartPoint>& points;
};

Markup curve_figure(const std::string& title, const Markup& caption, const std::string& y_label,
                    const std::vector<Curve>& curves, TickText text) {
  Chart chart;
  chart.title = title;
  std::vector<double> xs, ys;
  for (const Curve& curve : curves) {
    chart.series.push_back({curve.name, curve.style, thinned(curve.points)});
    for (const ChartPoint& point : curve.points) {
      xs.push_back(point.x);
      ys.push_back(point.y);
    }
    chart.description += curve_text(curve.name, curve.points);
  }
  if (xs.empty()) return {};
  const auto [first, last] = std::minmax_element(xs.begin(), xs.end());
  chart.x = {"epoch", *first, *last, {}};
  for (const Tick& tick : round_ticks(*first, *last, 5)) {
    if (tick.text.find('.') == std::string::npos) chart.x.ticks.push_back(tick);
  }
  if (*first == *last) chart.x.ticks = {{*first, significant(*first, 6)}};
  chart.y = axis_over(y_label, ys, false, text);
  return html_figure(svg_chart(chart), markup("{}.", title), caption);
}

// Where the validation was best, in words.
Markup best_epoch(const std::vector<ChartPoint>& validation) {
  if (validation.empty()) return "Mean over the examples of an epoch, while it trains on them.";
  const auto best =
      std::min_element(validation.begin(), validation.end(),
                       [](const ChartPoint& a, const ChartPoint& b) { return a.y < b.y; });
  return markup("Lowest on the validation examples after epoch {}: {}.", significant(best->x, 6),
                html_number(best->y, 4));
}

// What is missing of the curves, in a sentence.
Markup missing_note(const TrainingHistory& history) {
  if (history.unreadable) {
    return "<p>The training curves are missing, because none could be read from metrics.jsonl in "
           "the folder of the run.</p>\n";
  }
  if (history.damaged_lines == 0) return {};
  return markup(
      "<p>Points are missing, because metrics.jsonl in the folder of the run has {} that "
      "could not be read.</p>\n",
      history.damaged_lines == 1 ? "one line"
                                 : fmt::format("{} lines", grouped(history.damaged_lines)));
}

}  // namespace

ReportSection training_section(const TrainingHistory& history) {
  const Markup figures = html_figures(
      {curve_figure(
           "Negative log-likelihood", best_epoch(history.validation_nll), "nats per example",
           {{"training", "out open", history.nll}, {"validation", "right", history.validation_nll}},
           TickText::plain),
       curve_figure("Accuracy",
                    "On the training examples it is measured while they are trained on.",
                    "share of the examples",
                    {{"training", "out open", history.accuracy},
                     {"validation", "right", history.validation_accuracy}},
                    TickText::percent),
       curve_figure("Loss and divergence",
                    "The loss is the NLL plus λ times KL/N, and penalties if there are any.",
                    "nats per example",
                    {{"loss", "right", history.loss}, {"KL/N", "out open", history.kl}},
                    TickText::plain)});
  return {"training", "Training", "Training", missing_note(history) + figures};
}

}  // namespace bnn
