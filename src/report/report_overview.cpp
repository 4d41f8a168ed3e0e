#include <algorithm>
#include <cmath>

#include "bnn/infer/metric_rows.h"
#include "bnn/report/html_text.h"
#include "bnn/report/report_page.h"

namespace bnn {
namespace {

constexpr auto kVersion = BNN_VERSION;
constexpr double kHeadlineCoverage = 0.8;  // one of kCoveragePercents

std::string term(const std::string& name, const std::string& html) {
  return html.empty() ? "" : "<div><dt>" + name + "</dt><dd>" + html + "</dd></div>\n";
}

std::string key_number(const std::string& name, const std::string& number_html,
                       const std::string& note_html) {
  return "<div><dt>" + name + "</dt><dd class=\"big\">" + number_html + "</dd><dd class=\"soft\">" +
         note_html + "</dd></div>\n";
}

// One sentence for somebody who reads nothing else.
std::string summary_sentence(const ReportContents& contents) {
  const Metrics& metrics = contents.evaluation.metrics;
  if (metrics.examples == 0) return "There were no examples to evaluate.";
  std::string text = "The network is right on <b>" + percent(metrics.accuracy, 1) + "</b> of " +
                     grouped(metrics.examples) + (metrics.examples == 1 ? " image." : " images.");
  for (const RiskPoint& point : metrics.risk_at_coverage) {
    if (point.coverage != kHeadlineCoverage) continue;
    text += " Of the " + percent(point.coverage, 0) + " it is surest of, it gets <b>" +
            percent(1 - point.risk, 1) + "</b> right.";
  }
  return text;
}

std::string source_list(const ReportContents& contents) {
  const ReportSource& source = contents.source;
  const Evaluation& evaluation = contents.evaluation;
  const std::string passes =
      source.mean_weights ? "one pass with the mean weights" : grouped(evaluation.samples);
  return "<dl class=\"source\">\n" + term("checkpoint", html_name(source.checkpoint)) +
         term("data", html_name(source.data)) +
         term("images", grouped(evaluation.metrics.examples)) +
         term("classes", grouped(evaluation.metrics.per_class.size())) + term("samples", passes) +
         term("seed", std::to_string(source.seed)) +
         (evaluation.temperature ? term("temperature", html_number(*evaluation.temperature, 4))
                                 : "") +
         term("bnn", kVersion) + "</dl>\n";
}

std::string key_numbers(const Evaluation& evaluation) {
  const Metrics& metrics = evaluation.metrics;
  const std::optional<IntervalSet>& intervals = evaluation.intervals;
  const auto note = [&](double MetricValues::*value, const std::string& otherwise) {
    return intervals ? html_interval(intervals->of(value), 4) : otherwise;
  };
  std::string accuracy_note = "of the predicted classes";
  if (intervals) {
    const Bounds& bounds = intervals->of(&Metrics::accuracy);
    accuracy_note = html_percent(bounds.lower, 1) + " – " + html_percent(bounds.upper, 1);
  }
  return "<dl class=\"key\">\n" +
         key_number("accuracy", html_percent(metrics.accuracy, 2), accuracy_note) +
         key_number("NLL", html_number(metrics.nll, 4), note(&Metrics::nll, "nats")) +
         key_number("calibration error", html_number(metrics.ece, 4),
                    note(&Metrics::ece, "ECE, 15 bins")) +
         key_number("Brier score", html_number(metrics.brier, 4), note(&Metrics::brier, "0 to 2")) +
         key_number("mutual information", html_number(metrics.mutual_information, 4),
                    note(&Metrics::mutual_information, "nats")) +
         "</dl>\n";
}

}  // namespace

std::string overview_header(const ReportContents& contents) {
  const std::string name = contents.source.model.empty() ? "Evaluation" : contents.source.model;
  const bool is_bayesian = !contents.posterior.tensors.empty();
  return std::string("<header>\n<p class=\"kicker\">Evaluation of a ") +
         (is_bayesian ? "Bayesian " : "") + "neural network</p>\n<h1>" + html_name(name) +
         "</h1>\n<p class=\"lead\">" + summary_sentence(contents) + "</p>\n" +
         key_numbers(contents.evaluation) + source_list(contents) + "</header>\n";
}

std::string metrics_section(const Evaluation& evaluation) {
  HtmlTable table{"All metrics.", "", {"Metric", "value"}, {}, "metrics"};
  if (evaluation.intervals) {
    table.note = "The interval is a 95 % percentile bootstrap over the examples.";
    table.columns.push_back("95 % interval");
  }
  if (evaluation.mean_weights) {
    table.columns[1] = "samples’ mean";
    table.columns.push_back("mean weights");
  }
  for (const MetricRow& row : metric_rows(evaluation)) {
    const std::string title = row.is_part ? "<i>" + std::string(row.title) + "</i>" : row.title;
    table.rows.push_back({title + "<small>" + row.meaning + "</small>", html_number(row.value, 4)});
    if (row.interval) table.rows.back().push_back(html_interval(*row.interval, 4));
    if (row.mean_weights) table.rows.back().push_back(html_number(*row.mean_weights, 4));
  }
  return html_section({"metrics", "Metrics", html_table(table)});
}

}  // namespace bnn
