#include "bnn/output/corruption_output.h"

#include <fmt/format.h>
#include <map>

#include "bnn/core/display_text.h"
#include "bnn/infer/undefined.h"
#include "bnn/output/metric_values_output.h"

namespace bnn {
namespace {

std::string cell(double value) { return right_aligned(fixed(value, 4), 9); }

std::string table(const NamedMetric& metric, const MetricValues& clean_metrics,
                  const std::vector<CorruptionResult>& results,
                  const std::vector<CorruptionResult>& means) {
  const double clean = clean_metrics.*metric.value;
  std::string text = "  " + fitted(metric.name, 19) + right_aligned("0", 9);
  for (const CorruptionResult& mean : means) text += fmt::format("{:>9}", mean.severity);
  std::string row_name;
  for (const CorruptionResult& result : results) {
    if (result.corruption != row_name) {
      row_name = result.corruption;
      text += "\n  " + fitted(row_name, 19) + cell(clean);
    }
    text += cell(result.metrics.*metric.value);
  }
  text += "\n  " + fitted("mean", 19) + cell(clean);
  for (const CorruptionResult& mean : means) text += cell(mean.metrics.*metric.value);
  return text + "\n";
}

// A row for each score that is known, of the means over the corruptions.
std::string auroc_table(const std::vector<CorruptionResult>& means) {
  std::string text =
      "\n  auroc: corrupted images against those as they are, mean over corruptions\n  " +
      fitted("score", 28);
  for (const CorruptionResult& mean : means) text += fmt::format("{:>9}", mean.severity);
  for (std::size_t i = 0; i < kOodScores.size(); ++i) {
    if (!is_defined(means.front().auroc[i])) continue;
    text += "\n  " + fitted(kOodScores[i].name, 28);
    for (const CorruptionResult& mean : means) text += cell(mean.auroc[i]);
  }
  return text + "\n";
}

Json auroc_json(const std::vector<double>& auroc) {
  Json result;
  for (std::size_t i = 0; i < auroc.size(); ++i) {
    if (is_defined(auroc[i])) result[kOodScores[i].name] = auroc[i];
  }
  return result;
}

}  // namespace

std::vector<CorruptionResult> severity_means(const std::vector<CorruptionResult>& results) {
  struct Sum {
    MetricValues values;
    std::vector<double> auroc;
    double count = 0;
  };
  std::map<int, Sum> sums;
  for (const CorruptionResult& result : results) {
    Sum& sum = sums[result.severity];
    sum.count += 1;
    for (const NamedMetric& metric : kPointMetrics) {
      sum.values.*metric.value += result.metrics.*metric.value;
    }
    sum.auroc.resize(result.auroc.size());
    for (std::size_t i = 0; i < result.auroc.size(); ++i) sum.auroc[i] += result.auroc[i];
  }
  std::vector<CorruptionResult> means;
  for (auto& [severity, sum] : sums) {
    for (const NamedMetric& metric : kPointMetrics) sum.values.*metric.value /= sum.count;
    for (double& one : sum.auroc) one /= sum.count;
    means.push_back({"mean", severity, sum.values, sum.auroc});
  }
  return means;
}

Json corruption_list_json(const std::vector<CorruptionResult>& results) {
  Json list = Json::array();
  for (const CorruptionResult& result : results) {
    Json one = {{"corruption", result.corruption}, {"severity", result.severity}};
    add_values(one, kPointMetrics, result.metrics);
    if (!result.auroc.empty()) one["auroc"] = auroc_json(result.auroc);
    list.push_back(std::move(one));
  }
  return list;
}

std::string corruption_tables(const MetricValues& clean,
                              const std::vector<CorruptionResult>& results) {
  const std::vector<CorruptionResult> means = severity_means(results);
  std::string text = "\nCorruptions by severity, 0 being the images as they are; nll in nats";
  for (const NamedMetric& metric : kPointMetrics) {
    text += "\n" + table(metric, clean, results, means);
  }
  if (!means.empty() && !means.front().auroc.empty()) text += auroc_table(means);
  return text;
}

}  // namespace bnn
