#include "bnn/report/report_calibration.h"

#include <algorithm>
#include <cmath>

#include "bnn/core/display_text.h"
#include "bnn/report/html_text.h"
#include "bnn/report/report_risk.h"
#include "bnn/report/svg_elements.h"
#include "bnn/report/svg_strips.h"

namespace bnn {
namespace {

constexpr double kWidth = 320, kPlot = 250, kStrip = 40;
constexpr ChartArea kArea{40, 308, 24, 24 + kPlot};
constexpr double kStripBase = kArea.bottom + 14 + kStrip;

double x_of(double confidence) { return kArea.left + (kArea.right - kArea.left) * confidence; }
double y_of(double accuracy) { return kArea.bottom - kPlot * accuracy; }

struct Interval {
  double lower = 0, upper = 0;
};

// Wilson's score interval (1927) of a share of `count` trials, at 95 %.
Interval wilson(double share, std::size_t count) {
  constexpr double z = 1.959964;
  const auto n = static_cast<double>(count);
  const double center = (share + z * z / (2 * n)) / (1 + z * z / n);
  const double half =
      z * std::sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n);
  return {std::max(0.0, center - half), std::min(1.0, center + half)};
}

std::size_t largest_count(const std::vector<CalibrationBin>& bins) {
  std::size_t largest = 1;
  for (const CalibrationBin& bin : bins) largest = std::max(largest, bin.count);
  return largest;
}

// The gap to the diagonal, the interval of the accuracy, and a disc whose area grows with the
// examples.
Markup point_markup(const CalibrationBin& bin, std::size_t largest) {
  const double x = x_of(bin.confidence);
  const double low = std::min(bin.accuracy, bin.confidence);
  const double high = std::max(bin.accuracy, bin.confidence);
  const Interval interval = wilson(bin.accuracy, bin.count);
  const double radius =
      2 + 4.5 * std::sqrt(static_cast<double>(bin.count) / static_cast<double>(largest));
  const std::string side = bin.accuracy < bin.confidence ? "wrong" : "right";
  return svg_rectangle(x - 3.5, y_of(high), 7, y_of(low) - y_of(high),
                       markup("class=\"gap {}\"", side)) +
         svg_line(x, y_of(interval.lower), x, y_of(interval.upper), "class=\"whisker\"") +
         svg_circle(x, y_of(bin.accuracy), radius, markup("class=\"mark {}\"", side));
}

// The examples of each bin below the diagram; a dash where there are none.
Markup count_strip(const std::vector<CalibrationBin>& bins, std::size_t largest) {
  Markup html;
  for (const CalibrationBin& bin : bins) {
    const double left = x_of(bin.lower), width = x_of(bin.upper) - x_of(bin.lower);
    if (bin.count == 0) {
      html +=
          svg_text(left + width / 2, kStripBase - 3, "class=\"tick\" text-anchor=\"middle\"", "–");
      continue;
    }
    const double height = std::max(
        (kStrip - 12) * static_cast<double>(bin.count) / static_cast<double>(largest), 0.8);
    html += svg_rectangle(left + 1, kStripBase - height, width - 2, height, "class=\"bar soft\"");
    if (bin.count == largest) {
      html += svg_text(std::min(left + width, kArea.right), kStripBase - height - 4,
                       "class=\"tick\" text-anchor=\"end\"", html_count(bin.count));
    }
  }
  return html + svg_text(kArea.left, kStripBase - kStrip + 8, "class=\"tick\"", "examples");
}

std::string description(const std::vector<CalibrationBin>& bins) {
  std::string text;
  for (const CalibrationBin& bin : bins) {
    text += fmt::format("Confidence {} to {}: ", fixed(bin.lower, 2), fixed(bin.upper, 2));
    if (bin.count == 0) {
      text += "no examples. ";
      continue;
    }
    text += fmt::format("{} {}, mean confidence {}, accuracy {}. ", bin.count,
                        bin.count == 1 ? "example" : "examples", fixed(bin.confidence, 3),
                        fixed(bin.accuracy, 3));
  }
  return text;
}

Markup reliability_figure(const Metrics& metrics) {
  if (metrics.examples == 0 || metrics.calibration.empty()) return {};
  const std::size_t largest = largest_count(metrics.calibration);
  const std::vector<Tick> ticks = round_ticks(0, 1, 5);
  Markup body = svg_y_axis({"accuracy", 0, 1, ticks}, kArea);
  body += svg_line(x_of(0), y_of(0), x_of(1), y_of(1), "class=\"diagonal\"");
  body += svg_text(x_of(0.03), y_of(0.97) + 8, "class=\"note\"", "above: too modest");
  body +=
      svg_text(x_of(1), y_of(0.02), "class=\"note\" text-anchor=\"end\"", "below: too confident");
  for (const CalibrationBin& bin : metrics.calibration) {
    if (bin.count > 0) body += point_markup(bin, largest);
  }
  const ChartArea strip{kArea.left, kArea.right, 0, kStripBase};
  body += count_strip(metrics.calibration, largest);
  body += svg_x_axis({"confidence", 0, 1, ticks}, strip);
  return html_figure(
      svg_image(kWidth, kStripBase + 36, "Reliability diagram", description(metrics.calibration),
                body),
      "Reliability.",
      markup("Of the predictions with confidence c, a share c should be right: discs on the "
             "diagonal. A bar is the gap, a thin line the 95&nbsp;% interval of the accuracy, a "
             "dash a bin without examples. ECE {}.",
             html_number(metrics.ece, 4)));
}

Markup bin_table(const Metrics& metrics) {
  HtmlTable table{"Reliability in numbers.",
                  "Bins without examples are left out.",
                  {"Confidence", "examples", "mean", "accuracy", "gap"},
                  {}};
  for (const CalibrationBin& bin : metrics.calibration) {
    if (bin.count == 0) continue;
    const double gap = bin.accuracy - bin.confidence;
    table.rows.push_back({markup("{}–{}", fixed(bin.lower, 2), fixed(bin.upper, 2)),
                          html_count(bin.count), html_number(bin.confidence, 3),
                          html_number(bin.accuracy, 3),
                          markup("{}{}", gap < 0 ? "−" : "+", fixed(std::abs(gap), 3))});
  }
  return table.rows.empty() ? Markup() : html_table(table);
}

Markup conformal_figure(const ConformalResult& conformal) {
  const auto& counts = conformal.size_counts;
  std::size_t last = 0, total = 0;
  for (std::size_t size = 0; size < counts.size(); ++size) {
    total += counts[size];
    if (counts[size] > 0) last = size;
  }
  if (total == 0) return {};
  StripChart chart{"Sizes of the prediction sets", "", {}, {}};
  const double end = static_cast<double>(last) + 0.5;
  chart.x = {"classes in a set", -0.5, end, {}};
  for (const Tick& tick : round_ticks(0, static_cast<double>(last), 6)) {
    if (tick.at == std::floor(tick.at)) chart.x.ticks.push_back(tick);
  }
  if (last == 0) chart.x.ticks = {{0, "0"}};
  chart.strips = {{"sets",
                   grouped(total),
                   "right",
                   {counts.begin(), counts.begin() + static_cast<std::ptrdiff_t>(last) + 1}}};
  for (std::size_t size = 0; size <= last; ++size) {
    chart.description += fmt::format("{} sets of {} classes. ", counts[size], size);
  }
  return html_figure(
      svg_strips(chart), "Prediction sets.",
      markup("Split-conformal sets that are to hold the label in {}&nbsp;% of the "
             "cases hold it in {} and have {} classes on average; calibrated on {} "
             "held-out examples.",
             significant(100 * conformal.rule.target, 6), html_percent(conformal.coverage, 2),
             html_number(conformal.mean_size, 3), html_count(conformal.rule.calibration_examples)));
}

}  // namespace

ReportSection calibration_section(const Evaluation& evaluation) {
  const Metrics& metrics = evaluation.metrics;
  const Markup bins = metrics.examples == 0 ? Markup() : bin_table(metrics);
  const Markup sets = evaluation.conformal ? conformal_figure(*evaluation.conformal) : Markup();
  return {"calibration", "Calibration", "Calibration",
          html_figures({reliability_figure(metrics), risk_coverage_figure(metrics),
                        html_beside(bins), html_beside(risk_coverage_table(evaluation)), sets})};
}

}  // namespace bnn
