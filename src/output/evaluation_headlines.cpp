#include "bnn/output/evaluation_headlines.h"

#include <cmath>
#include <string_view>

#include "bnn/core/display_text.h"
#include "bnn/infer/named_metrics.h"

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

std::string interval_text(double lower, double upper) {
  return std::isnan(lower) ? "-" : fixed(lower, 4) + " - " + fixed(upper, 4);
}

// The row of a number, which `number` finds in a Metrics.
template <typename Number>
std::string metric_row(const Rows& rows, const Evaluation& evaluation, std::string_view name,
                       std::string_view note, const Number& number_of) {
  std::string interval, mean_weights;
  if (evaluation.intervals) {
    interval = interval_text(number_of(evaluation.intervals->lower),
                             number_of(evaluation.intervals->upper));
  }
  if (evaluation.mean_weights) mean_weights = fixed(number_of(*evaluation.mean_weights), 4);
  return rows.row(name, fixed(number_of(evaluation.metrics), 4), interval, mean_weights, note);
}

std::string risk_row(std::string_view name, const std::vector<RiskPoint>& points) {
  std::string text = "  " + fitted(name, 10);
  for (const RiskPoint& point : points) text += number(point.risk, 9);
  return text + "\n";
}

}  // namespace

std::string headline_table(const Evaluation& evaluation) {
  const Rows rows(evaluation);
  std::string text = rows.header();
  for (const NamedMetric& metric : kNamedMetrics) {
    text += metric_row(rows, evaluation, metric.name, metric.note,
                       [&](const Metrics& m) { return m.*metric.value; });
    if (metric.value != &Metrics::brier) continue;
    for (const BrierPart& part : kBrierParts) {
      text += metric_row(rows, evaluation, std::string("  ") + part.name, part.note,
                         [&](const Metrics& m) { return m.brier_decomposition.*part.value; });
    }
  }
  return text;
}

std::string risk_table(const Evaluation& evaluation) {
  std::string text =
      "\nSelective prediction: share of errors if only the most confident are kept\n"
      "  share kept";
  for (const RiskPoint& point : evaluation.metrics.risk_at_coverage) {
    text += right_aligned(fixed(point.coverage, 2), 9);
  }
  text += '\n';
  text += risk_row("errors", evaluation.metrics.risk_at_coverage);
  if (evaluation.intervals) {
    text += risk_row("95 % from", evaluation.intervals->lower.risk_at_coverage);
    text += risk_row("     to", evaluation.intervals->upper.risk_at_coverage);
  }
  return text;
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
