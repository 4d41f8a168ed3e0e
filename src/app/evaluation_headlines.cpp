#include "bnn/app/evaluation_headlines.h"

#include <string_view>

#include "bnn/core/display_text.h"

namespace bnn {
namespace {

constexpr std::size_t kName = 19, kValue = 8, kInterval = 19, kMeanWeights = 10;

std::string number(double value, std::size_t columns) {
  return right_aligned(fixed(value, 4), columns);
}

// The columns of the headline table that this evaluation has.
class Rows {
 public:
  explicit Rows(const Evaluation& evaluation)
      : has_intervals_(evaluation.intervals.has_value()),
        has_mean_weights_(evaluation.mean_weights.has_value()),
        sampled_(evaluation.single_pass == SinglePass::no) {}

  std::string header() const {
    const std::string above = row("", sampled_ ? "Monte" : "", "", "mean", "");
    return (above == "\n" ? "" : above) +
           row("metric", sampled_ ? "Carlo" : "value", "95 % interval", "weights", "");
  }
  std::string row(std::string_view name, std::string_view value, std::string_view interval,
                  std::string_view mean_weights, std::string_view note) const {
    std::string text = "  " + fitted(name, kName) + right_aligned(value, kValue);
    if (has_intervals_) text += right_aligned(interval, kInterval);
    if (has_mean_weights_) text += right_aligned(mean_weights, kMeanWeights);
    if (!note.empty()) text += "  " + std::string(note);
    text.erase(text.find_last_not_of(' ') + 1);
    return text + "\n";
  }

 private:
  bool has_intervals_, has_mean_weights_, sampled_;
};

std::string note_on(std::string_view name) {
  if (name == "accuracy") return "share that is right";
  if (name == "nll") return "nats of the label";
  if (name == "brier") return "0 best, 2 worst";
  if (name == "ece") return "gap, equal widths";
  if (name == "adaptive_ece") return "gap, equal counts";
  if (name == "mce") return "largest gap";
  if (name == "class_ece") return "gap, mean of classes";
  if (name == "aurc") return "risk, mean coverage";
  if (name == "predictive_entropy") return "nats, all doubt";
  if (name == "expected_entropy") return "nats, in the data";
  return "nats, in the model";
}

std::string metric_row(const Rows& rows, const Evaluation& evaluation, const NamedMetric& metric) {
  std::string interval, mean_weights;
  if (evaluation.intervals) {
    const Interval& bounds = (*evaluation.intervals).*metric.interval;
    interval = fixed(bounds.lower, 4) + " - " + fixed(bounds.upper, 4);
  }
  if (evaluation.mean_weights) mean_weights = fixed((*evaluation.mean_weights).*metric.value, 4);
  return rows.row(metric.name, fixed(evaluation.metrics.*metric.value, 4), interval, mean_weights,
                  note_on(metric.name));
}

std::string brier_row(const Rows& rows, const Evaluation& evaluation, const std::string& name,
                      double BrierDecomposition::*part, const std::string& note) {
  std::string mean_weights;
  if (evaluation.mean_weights) {
    mean_weights = fixed(evaluation.mean_weights->brier_decomposition.*part, 4);
  }
  return rows.row(name, fixed(evaluation.metrics.brier_decomposition.*part, 4), "", mean_weights,
                  note);
}

}  // namespace

std::string headline_table(const Evaluation& evaluation) {
  const Rows rows(evaluation);
  std::string text = rows.header();
  for (const NamedMetric& metric : kNamedMetrics) {
    text += metric_row(rows, evaluation, metric);
    if (metric.value != &Metrics::brier) continue;
    text += brier_row(rows, evaluation, "  reliability", &BrierDecomposition::reliability,
                      "added, 0 is best");
    text +=
        brier_row(rows, evaluation, "  resolution", &BrierDecomposition::resolution, "taken off");
    text += brier_row(rows, evaluation, "  uncertainty", &BrierDecomposition::uncertainty,
                      "added, of the labels");
  }
  return text;
}

std::string risk_table(const Metrics& metrics) {
  std::string text =
      "\nSelective prediction: share of errors if only the most confident are kept\n"
      "  share kept";
  for (const RiskPoint& point : metrics.risk_at_coverage) {
    text += right_aligned(fixed(point.coverage, 2), 9);
  }
  text += "\n  errors    ";
  for (const RiskPoint& point : metrics.risk_at_coverage) text += number(point.risk, 9);
  return text + "\n";
}

std::string sweep_table(const Evaluation& evaluation) {
  if (evaluation.sweep.empty()) return "";
  std::string text =
      "\nSamples: how many are enough; each row averages the first so many of them\n"
      "  samples  accuracy       nll     brier       ece  mutual_information\n";
  for (const SweepPoint& point : evaluation.sweep) {
    text += "  " + right_aligned(std::to_string(point.samples), 7) + number(point.accuracy, 10) +
            number(point.nll, 10) + number(point.brier, 10) + number(point.ece, 10) +
            number(point.mutual_information, 20) + "\n";
  }
  return text;
}

}  // namespace bnn
