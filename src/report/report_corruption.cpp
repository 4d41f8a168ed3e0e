#include "bnn/report/report_corruption.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "bnn/core/display_text.h"
#include "bnn/corruption/corruption.h"
#include "bnn/report/html_text.h"
#include "bnn/report/svg_chart.h"

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
Markup small_chart(const CorruptionRow& row, const Metrics& clean) {
  std::vector<ChartPoint> accuracy = {{0, clean.accuracy}}, ece = {{0, clean.ece}};
  for (const auto& [severity, result] : row.by_severity) {
    accuracy.push_back({static_cast<double>(severity), result.metrics.accuracy});
    ece.push_back({static_cast<double>(severity), result.metrics.ece});
  }
  Chart chart;
  chart.title = "Corruption " + short_name(spaced(row.name));
  for (std::size_t i = 0; i < accuracy.size(); ++i) {
    chart.description += fmt::format("Severity {}: accuracy {}, ECE {}. ", fixed(accuracy[i].x, 0),
                                     fixed(accuracy[i].y, 3), fixed(ece[i].y, 3));
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

Markup measure_table(const std::vector<CorruptionRow>& rows, const Metrics& clean,
                     const Measure& measure) {
  HtmlTable table{
      std::string(measure.name) + " by severity.",
      markup("{} Without corruption {}.", measure.note, html_number(clean.*measure.value, 4)),
      {"Corruption", "1", "2", "3", "4", "5"},
      {},
      "severities"};
  for (const CorruptionRow& row : rows) {
    std::vector<Markup> cells = {html_name(spaced(row.name))};
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

ReportSection corruption_section(const Evaluation& evaluation) {
  ReportSection section{"corruptions", "Corruptions", "Corrupted images", {}};
  if (evaluation.corruptions.empty()) return section;
  const std::vector<CorruptionRow> rows = rows_of(evaluation.corruptions);
  Markup charts;
  for (const CorruptionRow& row : rows) charts += small_chart(row, evaluation.metrics);
  const auto table = [&](const Measure& measure) {
    return html_beside(measure_table(rows, evaluation.metrics, measure));
  };
  section.body =
      markup(
          "<p>What is left when the images get worse: <span class=\"right\">accuracy</span> "
          "(full marks) and <span class=\"wrong\">calibration error</span> (hollow marks), from "
          "severity 0, the images as they are, to 5.</p>\n<div class=\"small figures\">\n{}"
          "</div>\n",
          charts) +
      html_figures({table({"Accuracy", "", &Metrics::accuracy}),
                    table({"NLL", "In nats.", &Metrics::nll}), table({"ECE", "", &Metrics::ece})});
  return section;
}

}  // namespace bnn
