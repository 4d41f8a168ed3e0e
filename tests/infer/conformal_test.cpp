#include "bnn/infer/conformal.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include <catch2/catch.hpp>

namespace bnn {
namespace {

using Numbers = std::vector<double>;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

void check_near(const Numbers& found, const Numbers& expected) {
  REQUIRE(found.size() == expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    CHECK(found[i] == Approx(expected[i]).margin(1e-12));
  }
}

TEST_CASE("the scores of classes are those of LAC, APS and RAPS") {
  const Numbers p = {0.5, 0.2, 0.3};
  check_near(conformal_scores(ConformalScore::lac, p), {0.5, 0.8, 0.7});
  check_near(conformal_scores(ConformalScore::aps, p), {0, 0.8, 0.5});
  // Equal probabilities: the lower index comes first.
  check_near(conformal_scores(ConformalScore::aps, Numbers{0.4, 0.2, 0.4}), {0, 0.8, 0.4});
  check_near(conformal_scores(ConformalScore::lac, Numbers{0.4, 0.2, 0.4}), {0.6, 0.8, 0.6});
  check_near(conformal_scores(ConformalScore::aps, Numbers{1}), {0});
  check_near(conformal_scores(ConformalScore::raps, Numbers{0.4, 0.1, 0.3, 0.2}),
             {0, 0.92, 0.4, 0.71});
  CHECK(std::string(name_of(kConformalScoreNames, ConformalScore::lac)) == "lac");
  CHECK(value_of(kConformalScoreNames, "aps") == ConformalScore::aps);
}

TEST_CASE("the threshold is the score of rank ceil((n + 1) coverage)") {
  const ConformalTable table({0.9, 0.1, 0.5, 0.3, 0.7, 0.2, 0.8, 0.4, 0.6});  // n = 9
  CHECK(table.examples() == 9);
  CHECK(table.threshold(0.9) == 0.9);  // rank 9, in spite of 0.9 * 10 in floating point
  CHECK(table.threshold(0.7) == 0.7);
  CHECK(table.threshold(0.3) == 0.3);
  CHECK(table.threshold(0.61) == 0.7);  // rank 6.1 rounded up
  CHECK(table.threshold(0.6) == 0.6);
  CHECK(table.threshold(0.901) == kInfinity);  // there is no score of rank 10
  CHECK(table.threshold(0.999999) == kInfinity);
  CHECK(table.threshold(1e-12) == 0.1);
  CHECK(table.threshold(0.1) == 0.1);
  const ConformalTable one({0.25});
  CHECK(one.threshold(0.5) == 0.25);
  CHECK(one.threshold(0.51) == kInfinity);
  // Ties count as often as they occur.
  const ConformalTable tied({0.5, 0.2, 0.5, 0.5});
  CHECK(tied.threshold(0.2) == 0.2);
  CHECK(tied.threshold(0.21) == 0.5);
  CHECK(tied.threshold(0.8) == 0.5);
}

TEST_CASE("a threshold of thinned scores is the next one above the exact") {
  const std::size_t n = 25001;
  Numbers scores;
  for (std::size_t i = n; i > 0; --i) scores.push_back(static_cast<double>(i));  // score = rank
  const ConformalTable table(scores);
  CHECK(table.examples() == n);
  CHECK(table.stored().size() == ConformalTable::kMaxStored);
  CHECK(table.stored().back() == static_cast<double>(n));
  for (int i = 1; i < 1000; ++i) {
    const double coverage = i / 1000.0;
    const double rank = std::ceil(static_cast<double>(n + 1) * coverage - 1e-9);
    const double found = table.threshold(coverage);
    CAPTURE(coverage);
    CHECK(found >= rank);
    CHECK(found < rank + 3);  // 25001 / 10000, rounded up
    // No stored score lies between.
    const auto next = std::lower_bound(table.stored().begin(), table.stored().end(), rank);
    CHECK(found == *next);
  }
  const ConformalTable again(table.stored(), n);
  CHECK(again.threshold(0.9) == table.threshold(0.9));
  CHECK(again.threshold(1 - 1e-6) == kInfinity);
}

TEST_CASE("a set holds the classes whose score is at most the threshold, best first") {
  const Numbers p = {0.2, 0.5, 0.3};
  const auto set = [&](ConformalScore score, double threshold) {
    return prediction_set({score, 0.9, threshold, 10}, p);
  };
  CHECK(set(ConformalScore::lac, 0.75) == std::vector<int>{1, 2});
  CHECK(set(ConformalScore::lac, 0.5) == std::vector<int>{1});  // equal counts
  CHECK(set(ConformalScore::lac, 0.49).empty());
  CHECK(set(ConformalScore::lac, kInfinity) == std::vector<int>{1, 2, 0});
  CHECK(set(ConformalScore::aps, 0) == std::vector<int>{1});
  CHECK(set(ConformalScore::aps, 0.5) == std::vector<int>{1, 2});
  CHECK(set(ConformalScore::aps, 0.79) == std::vector<int>{1, 2});
  CHECK(set(ConformalScore::aps, kInfinity) == std::vector<int>{1, 2, 0});
}

TEST_CASE("coverage and sizes of sets are counted by size and by class") {
  // LAC with threshold 0.55: classes of at least 0.45.
  ConformalCollector collector({ConformalScore::lac, 0.8, 0.55, 99}, 3);
  CHECK(std::isnan(collector.finish().coverage));
  collector.add(Numbers{0.5, 0.5, 0}, 1);      // {0, 1} holds 1
  collector.add(Numbers{0.5, 0.5, 0}, 2);      // {0, 1}
  collector.add(Numbers{0.9, 0.05, 0.05}, 0);  // {0} holds 0
  collector.add(Numbers{0.4, 0.3, 0.3}, 0);    // {}
  const ConformalResult result = collector.finish();
  CHECK(result.rule.score == ConformalScore::lac);
  CHECK(result.rule.target == 0.8);
  CHECK(result.rule.threshold == 0.55);
  CHECK(result.rule.calibration_examples == 99);
  CHECK(result.coverage == 0.5);
  CHECK(result.mean_size == 1.25);
  CHECK(result.size_counts == std::vector<std::size_t>{1, 1, 2, 0});
  CHECK(result.size_covered == std::vector<std::size_t>{0, 1, 1, 0});
  CHECK(result.class_coverage == Numbers{0.5, 1, 0});
}

// Class probabilities that have nothing to do with the label's distribution but their rank.
struct Example {
  Numbers p;
  int label;
};

Example random_example(std::mt19937_64& random) {
  std::exponential_distribution<double> exponential;
  Numbers p;
  double sum = 0;
  for (int k = 0; k < 4; ++k) sum += p.emplace_back(exponential(random));
  for (double& value : p) value /= sum;
  Numbers odds;
  for (const double value : p) odds.push_back(0.1 + value * value);
  std::discrete_distribution<int> label(odds.begin(), odds.end());
  return {p, label(random)};
}

// How often the set of a new example holds its label, over many sets of n calibration examples.
double simulated_coverage(ConformalScore score, double target, int n, int repetitions) {
  std::mt19937_64 random(7);
  int covered = 0;
  for (int r = 0; r < repetitions; ++r) {
    Numbers scores;
    for (int i = 0; i < n; ++i) {
      const Example example = random_example(random);
      scores.push_back(conformal_scores(score, example.p)[static_cast<std::size_t>(example.label)]);
    }
    const ConformalTable table(scores);
    const Example example = random_example(random);
    const auto set =
        prediction_set({score, target, table.threshold(target), table.examples()}, example.p);
    covered += std::find(set.begin(), set.end(), example.label) != set.end();
  }
  return static_cast<double>(covered) / repetitions;
}

TEST_CASE("on exchangeable data the label is in the set as often as promised") {
  constexpr int kRepetitions = 4000;
  struct Row {
    double target;
    int n;
    double exact;  // ceil((n + 1) target) / (n + 1), where scores have no ties
  };
  for (const Row& row : {Row{0.9, 19, 0.9}, Row{0.8, 19, 0.8}, Row{0.75, 10, 9.0 / 11},
                         Row{0.5, 3, 0.5}, Row{0.95, 10, 1.0}}) {
    const double error = 4 * std::sqrt(row.target * (1 - row.target) / kRepetitions);
    CAPTURE(row.target, row.n);
    CHECK(std::abs(simulated_coverage(ConformalScore::lac, row.target, row.n, kRepetitions) -
                   row.exact) < error);
    // The first rank scores 0 for many examples: ties only add coverage.
    CHECK(simulated_coverage(ConformalScore::aps, row.target, row.n, kRepetitions) >
          row.exact - error);
  }
}

}  // namespace
}  // namespace bnn
