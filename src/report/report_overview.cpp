#include "bnn/report/report_overview.h"

#include "bnn/report/html_text.h"

namespace bnn {
namespace {

constexpr double kHeadlineCoverage = 0.8;  // one of kCoveragePercents

Markup term(const Markup& name, const Markup& value) {
  return value.empty() ? value : markup("<div><dt>{}</dt><dd>{}</dd></div>\n", name, value);
}

Markup key_number(const Markup& name, const Markup& number, const Markup& note) {
  return markup("<div><dt>{}</dt><dd class=\"big\">{}</dd><dd class=\"soft\">{}</dd></div>\n", name,
                number, note);
}

// One sentence for somebody who reads nothing else.
Markup summary_sentence(const Metrics& metrics) {
  if (metrics.examples == 0) return "There were no examples to evaluate.";
  Markup text = markup("The network is right on <b>{}</b> of {} {}.", percent(metrics.accuracy, 1),
                       html_count(metrics.examples), metrics.examples == 1 ? "image" : "images");
  for (const RiskPoint& point : metrics.risk_at_coverage) {
    if (point.coverage != kHeadlineCoverage) continue;
    text += markup(" Of the {} it is surest of, it gets <b>{}</b> right.",
                   percent(point.coverage, 0), percent(1 - point.risk, 1));
  }
  return text;
}

Markup source_list(const ReportContents& contents) {
  const ReportSource& source = contents.source;
  const Evaluation& evaluation = contents.evaluation;
  Markup passes = html_count(evaluation.samples);
  if (source.mean_weights) passes = "one pass with the mean weights";
  Markup temperature;
  if (evaluation.temperature) temperature = html_number(*evaluation.temperature, 4);
  return "<dl class=\"source\">\n" + term("checkpoint", html_name(source.checkpoint)) +
         term("data", html_name(source.data)) +
         term("images", html_count(evaluation.metrics.examples)) +
         term("classes", html_count(evaluation.metrics.per_class.size())) +
         term("samples", passes) + term("seed", markup("{}", source.seed)) +
         term("temperature", temperature) + term("bnn", BNN_VERSION) + "</dl>\n";
}

Markup key_numbers(const Evaluation& evaluation) {
  const Metrics& metrics = evaluation.metrics;
  const std::optional<IntervalSet>& intervals = evaluation.intervals;
  const auto note = [&](double MetricValues::*value, const Markup& otherwise) {
    return intervals ? html_interval(intervals->of(value), 4) : otherwise;
  };
  Markup accuracy_note = "of the predicted classes";
  if (intervals) {
    const Bounds& bounds = intervals->of(&Metrics::accuracy);
    accuracy_note = markup("{} – {}", html_percent(bounds.lower, 1), html_percent(bounds.upper, 1));
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

Markup overview_header(const ReportContents& contents) {
  const std::string name = contents.source.model.empty() ? "Evaluation" : contents.source.model;
  const bool is_bayesian = !contents.posterior.tensors.empty();
  return markup(
      "<header>\n<p class=\"kicker\">Evaluation of a {}neural network</p>\n<h1>{}</h1>\n"
      "<p class=\"lead\">{}</p>\n{}{}</header>\n",
      is_bayesian ? "Bayesian " : "", html_name(name),
      summary_sentence(contents.evaluation.metrics), key_numbers(contents.evaluation),
      source_list(contents));
}

}  // namespace bnn
