#include "bnn/infer/conformal.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "bnn/core/error.h"
#include "bnn/infer/summary.h"
#include "bnn/infer/undefined.h"

namespace bnn {
namespace {

// Of RAPS.
constexpr std::size_t kFreeRanks = 2;
constexpr double kRankPenalty = 0.01;

// ceil(a b / c) of whole numbers.
std::size_t ceiling(std::size_t a, std::size_t b, std::size_t c) { return (a * b + c - 1) / c; }

}  // namespace

std::vector<double> conformal_scores(ConformalScore score, std::span<const double> probabilities) {
  std::vector<double> scores(probabilities.size());
  if (score == ConformalScore::lac) {
    for (std::size_t k = 0; k < scores.size(); ++k) scores[k] = 1 - probabilities[k];
    return scores;
  }
  double before = 0;
  std::size_t rank = 0;
  for (const std::size_t k : most_probable(probabilities, probabilities.size())) {
    ++rank;
    const bool is_penalized = score == ConformalScore::raps && rank > kFreeRanks;
    scores[k] = before + (is_penalized ? kRankPenalty * static_cast<double>(rank - kFreeRanks) : 0);
    before += probabilities[k];
  }
  return scores;
}

ConformalTable::ConformalTable(std::vector<double> scores) : examples_(scores.size()) {
  if (scores.empty()) throw Error(ErrorKind::internal, "a conformal table without scores");
  std::sort(scores.begin(), scores.end());
  const std::size_t count = std::min(scores.size(), kMaxStored);
  for (std::size_t j = 1; j <= count; ++j) {
    stored_.push_back(scores[ceiling(j, examples_, count) - 1]);
  }
}

ConformalTable::ConformalTable(std::vector<double> stored, std::size_t examples)
    : stored_(std::move(stored)), examples_(examples) {}

double ConformalTable::threshold(double coverage) const {
  // A coverage is meant as it is written, in decimals: 0.9 * 10 is 9 and nothing above.
  constexpr double kRounding = 1e-9;
  const double exact = static_cast<double>(examples_ + 1) * coverage;
  const double rank = std::max(1.0, std::ceil(exact - kRounding));
  if (rank > static_cast<double>(examples_)) return std::numeric_limits<double>::infinity();
  // The first number j (from 0) of m whose rank ceil((j + 1) n / m) is not below.
  return stored_[(static_cast<std::size_t>(rank) - 1) * stored_.size() / examples_];
}

std::vector<int> prediction_set(const ConformalRule& rule, std::span<const double> probabilities) {
  const std::vector<double> scores = conformal_scores(rule.score, probabilities);
  std::vector<int> set;
  for (const std::size_t k : most_probable(probabilities, probabilities.size())) {
    if (scores[k] <= rule.threshold) set.push_back(static_cast<int>(k));
  }
  return set;
}

ConformalCollector::ConformalCollector(const ConformalRule& rule, int classes)
    : rule_(rule),
      sizes_(static_cast<std::size_t>(classes) + 1, 0),
      covered_sizes_(sizes_),
      labelled_(static_cast<std::size_t>(classes), 0),
      covered_labels_(labelled_) {}

void ConformalCollector::add(std::span<const double> probabilities, int label) {
  const std::vector<int> set = prediction_set(rule_, probabilities);
  const std::size_t covered = std::find(set.begin(), set.end(), label) != set.end() ? 1 : 0;
  ++sizes_[set.size()];
  covered_sizes_[set.size()] += covered;
  ++labelled_[static_cast<std::size_t>(label)];
  covered_labels_[static_cast<std::size_t>(label)] += covered;
}

ConformalResult ConformalCollector::finish() const {
  std::size_t examples = 0, covered = 0, classes = 0;
  for (std::size_t size = 0; size < sizes_.size(); ++size) {
    examples += sizes_[size];
    covered += covered_sizes_[size];
    classes += size * sizes_[size];
  }
  ConformalResult result;
  result.rule = rule_;
  result.coverage = share_of(covered, examples);
  result.mean_size = share_of(classes, examples);
  result.size_counts = sizes_;
  result.size_covered = covered_sizes_;
  for (std::size_t k = 0; k < labelled_.size(); ++k) {
    result.class_coverage.push_back(share_of(covered_labels_[k], labelled_[k]));
  }
  return result;
}

}  // namespace bnn
