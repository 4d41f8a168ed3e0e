#include <algorithm>
#include <cmath>

#include "bnn/report/html_text.h"
#include "bnn/report/report_page.h"

namespace bnn {
namespace {

constexpr auto kVersion = BNN_VERSION;

struct MetricRow {
  const char* name;
  const char* meaning;
  double Metrics::*value;
  Interval MetricIntervals::*interval;
};

constexpr MetricRow kMetricRows[] = {
    {"accuracy", "share of the predicted classes that are right", &Metrics::accuracy,
     &MetricIntervals::accuracy},
    {"NLL", "mean of −log p(label), in nats", &Metrics::nll, &MetricIntervals::nll},
    {"Brier score", "squared error of all probabilities, 0 to 2", &Metrics::brier,
     &MetricIntervals::brier},
    {"ECE", "mean gap of confidence and accuracy, 15 bins of equal width", &Metrics::ece,
     &MetricIntervals::ece},
    {"adaptive ECE", "the same over 15 bins of equal counts", &Metrics::adaptive_ece,
     &MetricIntervals::adaptive_ece},
    {"MCE", "largest gap of a bin of equal width", &Metrics::mce, &MetricIntervals::mce},
    {"class-wise ECE", "the same gap for each class's probability, averaged over classes",
     &Metrics::class_ece, &MetricIntervals::class_ece},
    {"AURC", "error rate averaged over coverages, surest first", &Metrics::aurc,
     &MetricIntervals::aurc},
    {"predictive entropy", "all of the doubt, in nats", &Metrics::predictive_entropy,
     &MetricIntervals::predictive_entropy},
    {"expected entropy", "the part of it in the data", &Metrics::expected_entropy,
     &MetricIntervals::expected_entropy},
    {"mutual information", "the part of it in the model", &Metrics::mutual_information,
     &MetricIntervals::mutual_information},
};

std::string interval_html(const Interval& interval) {
  return "<span class=\"interval\">" + html_number(interval.lower, 4) + " – " +
         html_number(interval.upper, 4) + "</span>";
}

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
  constexpr double kCoverage = 0.8;
  const auto kept =
      static_cast<std::size_t>(kCoverage * static_cast<double>(contents.inside.size()));
  if (kept > 0) {
    const double risk = risks_at(contents.inside, {kept}).front();
    text += " Of the " + percent(kCoverage, 0) + " it is surest of, it gets <b>" +
            percent(1 - risk, 1) + "</b> right.";
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
  const auto note = [&](Interval MetricIntervals::*interval, const std::string& otherwise) {
    return evaluation.intervals ? interval_html((*evaluation.intervals).*interval) : otherwise;
  };
  const std::string accuracy_note =
      evaluation.intervals ? html_percent(evaluation.intervals->accuracy.lower, 1) + " – " +
                                 html_percent(evaluation.intervals->accuracy.upper, 1)
                           : "of the predicted classes";
  return "<dl class=\"key\">\n" +
         key_number("accuracy", html_percent(metrics.accuracy, 2), accuracy_note) +
         key_number("NLL", html_number(metrics.nll, 4), note(&MetricIntervals::nll, "nats")) +
         key_number("calibration error", html_number(metrics.ece, 4),
                    note(&MetricIntervals::ece, "ECE, 15 bins")) +
         key_number("Brier score", html_number(metrics.brier, 4),
                    note(&MetricIntervals::brier, "0 to 2")) +
         key_number("mutual information", html_number(metrics.mutual_information, 4),
                    note(&MetricIntervals::mutual_information, "nats")) +
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
  for (const MetricRow& row : kMetricRows) {
    std::vector<std::string> cells = {std::string(row.name) + "<small>" + row.meaning + "</small>",
                                      html_number(evaluation.metrics.*row.value, 4)};
    if (evaluation.intervals) {
      cells.push_back(interval_html((*evaluation.intervals).*row.interval));
    }
    if (evaluation.mean_weights) {
      cells.push_back(html_number((*evaluation.mean_weights).*row.value, 4));
    }
    table.rows.push_back(cells);
  }
  return html_section({"metrics", "Metrics", html_table(table)});
}

}  // namespace bnn
