#include <algorithm>
#include <cmath>

#include "bnn/core/display_text.h"
#include "bnn/infer/risk_coverage.h"
#include "bnn/report/html_text.h"
#include "bnn/report/report_page.h"
#include "bnn/report/svg_elements.h"

namespace bnn {
namespace {

constexpr std::size_t kCurvePoints = 200;
constexpr double kLabelWidth = 44, kLabelHeight = 13;

// Numbers of examples at which the curve is drawn.
std::vector<std::size_t> curve_coverages(std::size_t examples) {
  std::vector<std::size_t> covered;
  for (std::size_t i = 1; i <= kCurvePoints; ++i) {
    const std::size_t count = std::max<std::size_t>(i * examples / kCurvePoints, 1);
    if (covered.empty() || covered.back() != count) covered.push_back(count);
  }
  return covered;
}

std::vector<ChartPoint> curve(const std::vector<ExampleScore>& examples,
                              const std::vector<std::size_t>& covered) {
  const std::vector<double> risks = risks_at(examples, covered);
  std::vector<ChartPoint> points;
  for (std::size_t i = 0; i < covered.size(); ++i) {
    points.push_back(
        {static_cast<double>(covered[i]) / static_cast<double>(examples.size()), risks[i]});
  }
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

std::vector<double> risks_at(const std::vector<ExampleScore>& examples,
                             const std::vector<std::size_t>& covered) {
  std::vector<ScoredPrediction> sorted;
  for (const ExampleScore& one : examples) sorted.push_back({one.confidence, one.correct});
  sort_by_confidence(sorted);
  std::reverse(sorted.begin(), sorted.end());
  std::vector<double> risks;
  double errors = 0;
  std::size_t begin = 0;  // of the examples that share a confidence with the one asked for
  for (const std::size_t count : covered) {
    for (;;) {
      std::size_t end = begin;
      double tied_errors = 0;
      while (end < sorted.size() && sorted[end].confidence == sorted[begin].confidence) {
        tied_errors += sorted[end].correct ? 0 : 1;
        ++end;
      }
      if (count <= end) {
        const double share = static_cast<double>(count - begin) / static_cast<double>(end - begin);
        risks.push_back((errors + share * tied_errors) / static_cast<double>(count));
        break;
      }
      errors += tied_errors;
      begin = end;
    }
  }
  return risks;
}

std::string risk_coverage_figure(const Evaluation& evaluation,
                                 const std::vector<ExampleScore>& inside) {
  if (inside.empty()) return "";
  const std::vector<ChartPoint> points = curve(inside, curve_coverages(inside.size()));
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
  chart.description = "Area under the curve " + significant(evaluation.metrics.aurc, 4) + ". ";
  double label_x = -INFINITY, label_y = 0;  // of the label before
  for (const double coverage : {0.5, 0.8, 0.9, 1.0}) {
    const auto count = std::max<std::size_t>(
        static_cast<std::size_t>(coverage * static_cast<double>(inside.size())), 1);
    const double risk = risks_at(inside, {count}).front();
    const double x = chart.x.place(coverage, area.left, area.right);
    const double y = chart.y.place(risk, area.bottom, area.top);
    chart.inside += svg_circle(x, y, 2.6, "class=\"mark right\"");
    if (x - label_x > kLabelWidth || std::abs(y - label_y) > kLabelHeight) {
      chart.inside +=
          svg_text(x - 5, y - 6, " class=\"label right\" text-anchor=\"end\"", percent(risk, 1));
      label_x = x;
      label_y = y;
    }
    chart.description += "At a coverage of " + percent(coverage, 0) + " the error rate is " +
                         percent(risk, 2) + ". ";
  }
  return html_figure(svg_chart(chart), "Risk and coverage.",
                     "How few errors remain if only the surest predictions are kept; area under "
                     "the curve (AURC) " +
                         html_number(evaluation.metrics.aurc, 4) +
                         ". The thin line is the best possible order.");
}

}  // namespace bnn
