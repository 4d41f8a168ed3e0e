#include "bnn/infer/ood.h"

#include <algorithm>

#include "bnn/infer/undefined.h"

namespace bnn {
namespace {

struct Score {
  double value;
  bool outside;
};

// How many examples of each set have one score.
struct Tied {
  double in = 0, out = 0;
};

// One element for each distinct score, the highest first.
std::vector<Tied> highest_first(std::span<const double> inside, std::span<const double> outside) {
  std::vector<Score> scores;
  scores.reserve(inside.size() + outside.size());
  for (const double value : inside) scores.push_back({value, false});
  for (const double value : outside) scores.push_back({value, true});
  std::sort(scores.begin(), scores.end(),
            [](const Score& a, const Score& b) { return a.value > b.value; });
  std::vector<Tied> tied;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    if (i == 0 || scores[i].value != scores[i - 1].value) tied.emplace_back();
    (scores[i].outside ? tied.back().out : tied.back().in) += 1;
  }
  return tied;
}

// Sum of (recall step) * precision over thresholds, the first of which finds least.
class AveragePrecision {
 public:
  explicit AveragePrecision(double positives) : positives_(positives) {}

  void add(double positives, double negatives) {
    found_ += positives;
    taken_ += positives + negatives;
    value_ += positives / positives_ * (found_ / taken_);
  }
  double value() const { return value_; }

 private:
  double positives_, found_ = 0, taken_ = 0, value_ = 0;
};

}  // namespace

Detection detection(std::span<const double> inside, std::span<const double> outside) {
  if (inside.empty() || outside.empty()) return {kUndefined, kUndefined, kUndefined, kUndefined};
  const auto positives = static_cast<double>(outside.size());
  const auto negatives = static_cast<double>(inside.size());
  const std::vector<Tied> scores = highest_first(inside, outside);

  Detection result;
  AveragePrecision of_out(positives), of_in(negatives);
  bool found_95_percent = false;
  double found = 0;   // "out" examples at or above the threshold
  double alarms = 0;  // "in" examples at or above the threshold
  for (const Tied& tied : scores) {
    result.auroc += tied.in * (found + tied.out / 2);
    found += tied.out;
    alarms += tied.in;
    of_out.add(tied.out, tied.in);
    // 20 and 19 are exact where 0.95 is not.
    if (!found_95_percent && 20 * found >= 19 * positives) {
      result.fpr95 = alarms / negatives;
      found_95_percent = true;
    }
  }
  result.auroc /= positives * negatives;
  for (auto tied = scores.rbegin(); tied != scores.rend(); ++tied) of_in.add(tied->in, tied->out);
  result.aupr = of_out.value();
  result.aupr_in = of_in.value();
  return result;
}

void OodScores::add(const Summary& summary) {
  predictive_entropy.push_back(summary.predictive_entropy);
  expected_entropy.push_back(summary.expected_entropy);
  mutual_information.push_back(summary.mutual_information);
  max_probability.push_back(-summary.confidence);
  if (is_defined(summary.energy)) energy.push_back(summary.energy);
  if (is_defined(summary.max_logit)) max_logit.push_back(-summary.max_logit);
  if (is_defined(summary.mahalanobis)) mahalanobis.push_back(summary.mahalanobis);
}

OodMetrics ood_metrics(const OodScores& inside, const OodScores& outside) {
  OodMetrics metrics{.examples = outside.max_probability.size()};
  for (const NamedOodScore& score : kOodScores) {
    const std::vector<double>&in = inside.*score.scores, &out = outside.*score.scores;
    const bool is_known =
        in.size() == inside.max_probability.size() && out.size() == outside.max_probability.size();
    if (is_known) metrics.*score.detection = detection(in, out);
  }
  return metrics;
}

}  // namespace bnn
