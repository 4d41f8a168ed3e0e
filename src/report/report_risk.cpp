#include "bnn/report/report_risk.h"

#include <algorithm>
#include <cmath>

#include "bnn/core/display_text.h"
#include "bnn/infer/risk_coverage.h"
#include "bnn/report/html_text.h"
#include "bnn/report/svg_chart.h"
#include "bnn/report/svg_elements.h"

namespace bnn {
namespace {

constexpr double kRiskLabelWidth = 44, kRiskLabelHeight = 13;

std::vector<ChartPoint> curve(const std::vector<RiskPoint>& risks) {
  std::vector<ChartPoint> points;
  for (const RiskPoint& risk : risks) points.push_back({risk.coverage, risk.risk});
  return points;
}

// If confidence put every error last.
std::vector<ChartPoint> perfect_order(const std::vector<ChartPoint>& points, double error_rate) {
  std::vector<ChartPoint> perfect;
  for (const ChartPoint& point : points) {
    perfect.push_back({point.x, std::max(0.0, 1 - (1 - error_rate) / point.x)});
  }
  return perfect;
}

}  // namespace

Markup risk_coverage_figure(const Metrics& metrics) {
  if (metrics.risk_coverage.empty()) return {};
  const std::vector<ChartPoint> points = curve(metrics.risk_coverage);
  const double error_rate = points.back().y;
  std::vector<double> risks;
  for (const ChartPoint& point : points) risks.push_back(point.y);

  Chart chart;
  chart.title = "Risk-coverage curve";
  chart.height = 220;
  chart.x = {"share of the predictions kept, surest first", 0, 1,
             round_ticks(0, 1, 5, TickText::percent)};
  chart.y = axis_over("error rate among those kept", risks, true, TickText::percent);
  chart.series = {{"", "soft thin", perfect_order(points, error_rate), false},
                  {"", "right", points, false}};
  const ChartArea area = chart_area(chart);
  chart.description = "Area under the curve " + significant(metrics.aurc, 4) + ". ";
  double label_x = -INFINITY, label_y = 0;  // of the label before
  for (const auto& [coverage, risk] : metrics.risk_at_coverage) {
    const double x = chart.x.place(coverage, area.left, area.right);
    const double y = chart.y.place(risk, area.bottom, area.top);
    chart.inside += svg_circle(x, y, 2.6, "class=\"mark right\"");
    if (x - label_x > kRiskLabelWidth || std::abs(y - label_y) > kRiskLabelHeight) {
      chart.inside += svg_text(x - 5, y - 6, "class=\"label right\" text-anchor=\"end\"",
                               escaped(percent(risk, 1)));
      label_x = x;
      label_y = y;
    }
    chart.description += fmt::format("At a coverage of {} the error rate is {}. ",
                                     percent(coverage, 0), percent(risk, 2));
  }
  return html_figure(svg_chart(chart), "Risk and coverage.",
                     markup("How few errors remain if only the surest predictions are kept; area "
                            "under the curve (AURC) {}. The thin line is the best possible order.",
                            html_number(metrics.aurc, 4)));
}

Markup risk_coverage_table(const Evaluation& evaluation) {
  const std::vector<RiskPoint>& risks = evaluation.metrics.risk_at_coverage;
  if (evaluation.metrics.examples == 0 || risks.empty()) return {};
  HtmlTable table{"Errors among the surest.", "", {"Kept", "errors"}, {}};
  if (evaluation.intervals) table.columns.push_back(html_interval_title());
  for (std::size_t i = 0; i < risks.size(); ++i) {
    table.rows.push_back({html_percent(risks[i].coverage, 0), html_number(risks[i].risk, 4)});
    if (!evaluation.intervals) continue;
    table.rows.back().push_back(html_interval(evaluation.intervals->risks[i], 4));
  }
  return html_table(table);
}

}  // namespace bnn
