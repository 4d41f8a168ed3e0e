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

// What the interval means, in words beside the number; `otherwise` without an interval.
Markup interval_note(const Evaluation& evaluation, double MetricValues::*value,
                     Markup (*number)(double, int), int decimals, const Markup& otherwise) {
  if (!evaluation.intervals) return otherwise;
  const Bounds& bounds = evaluation.intervals->of(value);
  if (!bounds.defined()) return otherwise;
  const bool is_below = evaluation.metrics.*value < bounds.lower;
  return markup("95&nbsp;% of resampled test sets give {} to {}{}", number(bounds.lower, decimals),
                number(bounds.upper, decimals),
                is_below ? ": resampling adds noise, which raises it" : "");
}

Markup key_numbers(const Evaluation& evaluation) {
  const Metrics& metrics = evaluation.metrics;
  const auto tile = [&](const Markup& name, double MetricValues::*value, const Markup& otherwise) {
    return key_number(name, html_number(metrics.*value, 4),
                      interval_note(evaluation, value, html_number, 4, otherwise));
  };
  return "<dl class=\"key\">\n" +
         key_number("accuracy", html_percent(metrics.accuracy, 2),
                    interval_note(evaluation, &Metrics::accuracy, html_percent, 1,
                                  "of the predicted classes")) +
         tile("NLL", &Metrics::nll, "nats") +
         tile("calibration error", &Metrics::ece, "ECE, 15 bins") +
         tile("Brier score", &Metrics::brier, "0 to 2") +
         tile("mutual information", &Metrics::mutual_information, "nats") + "</dl>\n";
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
