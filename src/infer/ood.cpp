#include "bnn/infer/ood.h"

#include <algorithm>
#include <limits>

namespace bnn {
namespace {

struct Score {
  double value;
  bool outside;
};

std::vector<Score> highest_first(std::span<const double> inside, std::span<const double> outside) {
  std::vector<Score> scores;
  scores.reserve(inside.size() + outside.size());
  for (const double value : inside) scores.push_back({value, false});
  for (const double value : outside) scores.push_back({value, true});
  std::sort(scores.begin(), scores.end(),
            [](const Score& a, const Score& b) { return a.value > b.value; });
  return scores;
}

}  // namespace

Detection detection(std::span<const double> inside, std::span<const double> outside) {
  constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();
  if (inside.empty() || outside.empty()) return {kUndefined, kUndefined, kUndefined};
  const auto positives = static_cast<double>(outside.size());
  const auto negatives = static_cast<double>(inside.size());
  const std::vector<Score> scores = highest_first(inside, outside);

  Detection result;
  bool found_95_percent = false;
  double found = 0;   // "out" examples at or above the threshold
  double alarms = 0;  // "in" examples at or above the threshold
  for (std::size_t begin = 0, end = 0; begin < scores.size(); begin = end) {
    double tied_out = 0;
    double tied_in = 0;
    for (; end < scores.size() && scores[end].value == scores[begin].value; ++end) {
      (scores[end].outside ? tied_out : tied_in) += 1;
    }
    result.auroc += tied_in * (found + tied_out / 2);
    found += tied_out;
    alarms += tied_in;
    result.aupr += tied_out / positives * (found / (found + alarms));
    // 20 and 19 are exact where 0.95 is not.
    if (!found_95_percent && 20 * found >= 19 * positives) {
      result.fpr95 = alarms / negatives;
      found_95_percent = true;
    }
  }
  result.auroc /= positives * negatives;
  return result;
}

void OodScores::add(const Summary& summary) {
  predictive_entropy.push_back(summary.predictive_entropy);
  mutual_information.push_back(summary.mutual_information);
  max_probability.push_back(-summary.confidence);
}

OodMetrics ood_metrics(const OodScores& inside, const OodScores& outside) {
  return {
      .examples = outside.max_probability.size(),
      .predictive_entropy = detection(inside.predictive_entropy, outside.predictive_entropy),
      .mutual_information = detection(inside.mutual_information, outside.mutual_information),
      .max_probability = detection(inside.max_probability, outside.max_probability),
  };
}

}  // namespace bnn
