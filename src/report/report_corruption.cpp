#include <algorithm>
#include <cmath>
#include <map>

#include "bnn/core/display_text.h"
#include "bnn/corruption/corruption.h"
#include "bnn/report/html_text.h"
#include "bnn/report/report_page.h"

namespace bnn {
namespace {

// The results of one corruption by severity.
struct CorruptionRow {
  std::string name;
  std::map<int, CorruptionResult> by_severity;
};

std::vector<CorruptionRow> rows_of(const std::vector<CorruptionResult>& results) {
  std::vector<CorruptionRow> rows;
  for (const CorruptionResult& result : results) {
    const auto found = std::find_if(rows.begin(), rows.end(), [&](const CorruptionRow& row) {
      return row.name == result.corruption;
    });
    CorruptionRow& row =
        found != rows.end() ? *found : rows.emplace_back(CorruptionRow{result.corruption, {}});
    row.by_severity[result.severity] = result;
  }
  return rows;
}

// "gaussian_noise" as people write it.
std::string spaced(std::string name) {
  std::replace(name.begin(), name.end(), '_', ' ');
  return name;
}

std::string end_label(double value) { return std::isfinite(value) ? fixed(value, 2) : ""; }

// Accuracy and calibration error from no corruption (severity 0) to the strongest.
std::string small_chart(const CorruptionRow& row, const Metrics& clean) {
  std::vector<ChartPoint> accuracy = {{0, clean.accuracy}}, ece = {{0, clean.ece}};
  for (const auto& [severity, result] : row.by_severity) {
    accuracy.push_back({static_cast<double>(severity), result.metrics.accuracy});
    ece.push_back({static_cast<double>(severity), result.metrics.ece});
  }
  Chart chart;
  chart.title = "Corruption " + short_name(spaced(row.name));
  for (std::size_t i = 0; i < accuracy.size(); ++i) {
    chart.description += "Severity " + fixed(accuracy[i].x, 0) + ": accuracy " +
                         fixed(accuracy[i].y, 3) + ", ECE " + fixed(ece[i].y, 3) + ". ";
  }
  chart.width = 220;
  chart.height = 150;
  chart.x = {"severity", 0, kSeverities, round_ticks(0, kSeverities, kSeverities)};
  chart.y = {"", 0, 1, round_ticks(0, 1, 2)};
  chart.series = {{end_label(accuracy.back().y), "right", accuracy},
                  {end_label(ece.back().y), "wrong open", ece}};
  return html_figure(svg_chart(chart), html_name(spaced(row.name)), "");
}

struct Measure {
  const char *name, *note;
  double MetricValues::*value;
};

std::string measure_table(const std::vector<CorruptionRow>& rows, const Metrics& clean,
                          const Measure& measure) {
  HtmlTable table{std::string(measure.name) + " by severity.",
                  std::string(measure.note) + " Without corruption " +
                      html_number(clean.*measure.value, 4) + ".",
                  {"Corruption", "1", "2", "3", "4", "5"},
                  {},
                  "severities"};
  for (const CorruptionRow& row : rows) {
    std::vector<std::string> cells = {html_name(spaced(row.name))};
    for (int severity = 1; severity <= kSeverities; ++severity) {
      const auto found = row.by_severity.find(severity);
      cells.push_back(found == row.by_severity.end()
                          ? "–"
                          : html_number(found->second.metrics.*measure.value, 3));
    }
    table.rows.push_back(cells);
  }
  return html_table(table);
}

}  // namespace

std::string corruption_section(const Evaluation& evaluation) {
  if (evaluation.corruptions.empty()) return "";
  const std::vector<CorruptionRow> rows = rows_of(evaluation.corruptions);
  std::string charts;
  for (const CorruptionRow& row : rows) charts += small_chart(row, evaluation.metrics);
  const Metrics& clean = evaluation.metrics;
  return html_section(
      {"corruptions", "Corrupted images",
       "<p>What is left when the images get worse: <span class=\"right\">accuracy</span> (full "
       "marks) and <span class=\"wrong\">calibration error</span> (hollow marks), from severity 0, "
       "the images as they are, to 5.</p>\n<div class=\"small figures\">\n" +
           charts + "</div>\n<div class=\"figures\">\n<div>" +
           measure_table(rows, clean, {"Accuracy", "", &Metrics::accuracy}) + "</div>\n<div>" +
           measure_table(rows, clean, {"NLL", "In nats.", &Metrics::nll}) + "</div>\n<div>" +
           measure_table(rows, clean, {"ECE", "", &Metrics::ece}) + "</div>\n</div>\n"});
}

}  // namespace bnn
