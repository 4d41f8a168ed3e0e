// Risks at given coverages and the curve for a plot; metrics_test.cpp has the area under it.

#include "bnn/infer/risk_coverage.h"

#include <cmath>
#include <random>
#include <vector>

#include <catch2/catch.hpp>

namespace bnn {
namespace {

std::vector<ScoredPrediction> sorted(std::vector<ScoredPrediction> predictions) {
  sort_by_confidence(predictions);
  return predictions;
}

// `count` distinct confidences; those below `wrong` of them are wrong.
std::vector<ScoredPrediction> threshold_predictions(std::size_t count, std::size_t wrong) {
  std::vector<ScoredPrediction> predictions;
  for (std::size_t i = 0; i < count; ++i) {
    predictions.push_back({static_cast<double>(i + 1) / static_cast<double>(count), i >= wrong});
  }
  return predictions;
}

void check_points(const std::vector<RiskPoint>& points, const std::vector<double>& coverages,
                  const std::vector<double>& risks) {
  REQUIRE(points.size() == coverages.size());
  for (std::size_t i = 0; i < points.size(); ++i) {
    CAPTURE(i);
    CHECK(points[i].coverage == Approx(coverages[i]));
    CHECK(points[i].risk == Approx(risks[i]).margin(1e-15));
  }
}

}  // namespace

TEST_CASE("the risk at a coverage is that of the fewest predictions that reach it") {
  // Most confident first: right, wrong, right, wrong: risks 0, 1/2, 1/3, 1/2.
  const auto four = sorted({{0.9, true}, {0.8, false}, {0.7, true}, {0.6, false}});
  // 2, 2.8, 3.2, 3.6, 3.8 and 4 predictions, rounded up.
  check_points(risk_at_coverages(four), {0.5, 0.7, 0.8, 0.9, 0.95, 1.0},
               {0.5, 1.0 / 3, 0.5, 0.5, 0.5, 0.5});
  check_points(risk_coverage_curve(four), {0.25, 0.5, 0.75, 1.0}, {0, 0.5, 1.0 / 3, 0.5});
}

TEST_CASE("a coverage that is a whole number of predictions takes just these") {
  // The last 300 of 1000 are wrong, so errors begin beyond a coverage of 0.7.
  const auto predictions = threshold_predictions(1000, 300);
  check_points(risk_at_coverages(predictions), {0.5, 0.7, 0.8, 0.9, 0.95, 1.0},
               {0, 0, 100 / 800.0, 200 / 900.0, 250 / 950.0, 0.3});
}

TEST_CASE("tied predictions share their errors at every coverage") {
  const auto tied = sorted({{0.5, false}, {0.5, true}, {0.5, true}, {0.5, true}});
  for (const RiskPoint& point : risk_at_coverages(tied)) CHECK(point.risk == Approx(0.25));
  for (const RiskPoint& point : risk_coverage_curve(tied)) CHECK(point.risk == Approx(0.25));
}

TEST_CASE("the curve has every prediction up to a hundred, and a hundred points beyond") {
  for (const std::size_t count : {1u, 99u, 100u, 101u, 150u, 1000u}) {
    CAPTURE(count);
    const auto predictions = threshold_predictions(count, count / 3);
    const std::vector<RiskPoint> curve = risk_coverage_curve(predictions);
    REQUIRE(curve.size() == std::min<std::size_t>(count, 100));
    CHECK(curve.back().coverage == 1.0);
    CHECK(curve.back().risk ==
          Approx(static_cast<double>(count / 3) / static_cast<double>(count)).margin(1e-15));
    for (std::size_t i = 0; i + 1 < curve.size(); ++i) {
      CHECK(curve[i].coverage < curve[i + 1].coverage);
    }
    // Point j of a hundred covers at least j per cent, by less than one prediction more.
    if (count < 100) continue;
    for (std::size_t j = 1; j <= 100; ++j) {
      const double beyond = curve[j - 1].coverage - static_cast<double>(j) / 100;
      CHECK(beyond >= -1e-12);
      CHECK(beyond < 1.0 / static_cast<double>(count));
    }
  }
}

TEST_CASE("the area under the curve is the mean risk of its points where it has them all") {
  std::mt19937 generator(5);
  std::vector<ScoredPrediction> predictions;
  for (int i = 0; i < 80; ++i) {
    predictions.push_back({static_cast<double>(generator() % 20) / 20, generator() % 3 != 0});
  }
  sort_by_confidence(predictions);
  double sum = 0;
  for (const RiskPoint& point : risk_coverage_curve(predictions)) sum += point.risk;
  CHECK(area_under_risk_coverage(predictions) == Approx(sum / 80));
}

TEST_CASE("all right, all wrong and none at all") {
  for (const RiskPoint& point : risk_at_coverages(threshold_predictions(7, 0))) {
    CHECK(point.risk == 0.0);
  }
  for (const RiskPoint& point : risk_at_coverages(threshold_predictions(7, 7))) {
    CHECK(point.risk == 1.0);
  }
  CHECK(risk_coverage_curve({}).empty());
  const std::vector<RiskPoint> none = risk_at_coverages({});
  REQUIRE(none.size() == 6);
  CHECK(none[0].coverage == 0.5);
  for (const RiskPoint& point : none) CHECK(std::isnan(point.risk));
}

}  // namespace bnn
