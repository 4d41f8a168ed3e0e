#include "bnn/output/evaluation_headlines.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <string_view>
#include <vector>

#include "bnn/core/display_text.h"
#include "bnn/infer/metric_rows.h"

namespace bnn {
namespace {

constexpr std::size_t kName = 19, kValue = 8, kInterval = 19, kMeanWeights = 10;

std::string metric_text(double value, std::size_t columns) {
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

// Of a column of the sweep: its name, and two spaces before it.
std::size_t column_width(const NamedMetric& metric) {
  return std::max<std::size_t>(10, std::string_view(metric.name).size() + 2);
}

std::string interval_text(const Bounds& bounds) {
  return bounds.defined() ? fmt::format("{} - {}", fixed(bounds.lower, 4), fixed(bounds.upper, 4))
                          : "-";
}

std::string percent(double share) { return fixed(100 * share, 1); }

double mean_confidence(const Metrics& metrics) {
  double sum = 0, count = 0;
  for (const CalibrationBin& bin : metrics.calibration) {
    if (bin.count == 0) continue;
    sum += static_cast<double>(bin.count) * bin.confidence;
    count += static_cast<double>(bin.count);
  }
  return sum / count;
}

std::string risk_row(std::string_view name, const std::vector<double>& risks) {
  std::string text = "  " + fitted(name, 10);
  for (const double risk : risks) text += metric_text(risk, 9);
  return text + "\n";
}

}  // namespace

std::string headline_sentences(const Evaluation& evaluation) {
  const Metrics& metrics = evaluation.metrics;
  if (metrics.examples == 0) return "";
  std::string text =
      fmt::format("{} % of the {} images are right", percent(metrics.accuracy), metrics.examples);
  if (evaluation.intervals) {
    const Bounds& bounds = evaluation.intervals->of(&Metrics::accuracy);
    // Resamples of images that are all right, or all wrong, say nothing of other images.
    if (bounds.lower < bounds.upper) {
      text +=
          fmt::format(" (95 % interval: {} to {} %)", percent(bounds.lower), percent(bounds.upper));
    }
  }
  const double gap = metrics.accuracy - mean_confidence(metrics);
  const std::string amount = fixed(100 * std::abs(gap), 1);
  text += ".\nConfidence is " +
          (amount == "0.0" ? "right" : amount + " points too " + (gap > 0 ? "low" : "high"));
  text += fmt::format(" on average, and off by {} points (ECE).\n", fixed(100 * metrics.ece, 1));
  text += fmt::format("Of the surest 80 %, {} % are wrong; ", percent(metrics.risk_at_80_coverage));
  return text + (metrics.coverage_at_5_risk > 0
                     ? fmt::format("at most 5 % of the surest {} % are.\n\n",
                                   percent(metrics.coverage_at_5_risk))
                     : "no share of the surest has so few as 5 %.\n\n");
}

std::string headline_table(const Evaluation& evaluation) {
  const Rows rows(evaluation);
  std::string text = rows.header();
  for (const MetricRow& row : metric_rows(evaluation)) {
    text += rows.row((row.is_part ? "  " : "") + std::string(row.name), fixed(row.value, 4),
                     row.interval ? interval_text(*row.interval) : "",
                     row.mean_weights ? fixed(*row.mean_weights, 4) : "", row.note);
  }
  return text;
}

std::string risk_table(const Evaluation& evaluation) {
  std::string text =
      "\nSelective prediction: share of errors if only the most confident are kept\n"
      "  share kept";
  std::vector<double> risks, lower, upper;
  for (const RiskPoint& point : evaluation.metrics.risk_at_coverage) {
    text += right_aligned(fixed(point.coverage, 2), 9);
    risks.push_back(point.risk);
  }
  text += '\n';
  text += risk_row("errors", risks);
  if (!evaluation.intervals) return text;
  for (const Bounds& bounds : evaluation.intervals->risks) {
    lower.push_back(bounds.lower);
    upper.push_back(bounds.upper);
  }
  return text + risk_row("95 % from", lower) + risk_row("     to", upper);
}

std::string sweep_table(const Evaluation& evaluation) {
  if (evaluation.sweep.empty()) return "";
  std::string text =
      "\nSamples: how many are enough; each row averages the first so many of them\n"
      "  samples";
  for (const NamedMetric& metric : kSweepMetrics) {
    text += right_aligned(metric.name, column_width(metric));
  }
  text += '\n';
  for (const SweepPoint& point : evaluation.sweep) {
    text += fmt::format("  {:>7}", point.samples);
    for (const NamedMetric& metric : kSweepMetrics) {
      text += metric_text(point.metrics.*metric.value, column_width(metric));
    }
    text += '\n';
  }
  return text;
}

}  // namespace bnn
