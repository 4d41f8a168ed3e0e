// Metrics that treat classes alike, the smooth calibration error and the generalised risk, against
// hand calculations and plain counting.

#include <cmath>
#include <numbers>
#include <random>
#include <vector>

#include <catch2/catch.hpp>

#include "bnn/infer/class_ranks.h"
#include "bnn/infer/metrics.h"
#include "bnn/infer/smooth_calibration.h"

namespace bnn {
namespace {

Summary summary_of(const std::vector<float>& probabilities) {
  return summarize(probabilities.data(), 1, probabilities.size(),
                   static_cast<int>(probabilities.size()));
}

// smECE by its definition: the kernel's images beyond 0 and 1 in place of the cosine series.
double plain_smooth_error(const std::vector<double>& p, const std::vector<double>& residuals) {
  constexpr int kPoints = 2000;
  const auto smoothed = [&](double sigma) {
    double integral = 0;
    for (int j = 0; j < kPoints; ++j) {
      const double t = (j + 0.5) / kPoints;
      double sum = 0;
      for (std::size_t i = 0; i < p.size(); ++i) {
        for (int m = -4; m <= 4; ++m) {
          for (const double image : {2 * m + p[i], 2 * m - p[i]}) {
            const double z = (t - image) / sigma;
            sum += residuals[i] * std::exp(-z * z / 2);
          }
        }
      }
      integral += std::abs(sum) / kPoints;
    }
    return integral / (sigma * std::sqrt(2 * std::numbers::pi) * static_cast<double>(p.size()));
  };
  double low = 1e-3, high = 1;
  for (int i = 0; i < 16; ++i) {
    const double sigma = (low + high) / 2;
    (smoothed(sigma) > sigma ? low : high) = sigma;
  }
  return high;
}

double smooth_error(const std::vector<double>& p, const std::vector<double>& residuals) {
  ResidualGrid grid;
  for (std::size_t i = 0; i < p.size(); ++i) grid.add(p[i], residuals[i]);
  return grid.smooth_calibration_error(static_cast<double>(p.size()));
}

TEST_CASE("balanced accuracy, macro F1 and AUROC match the hand calculation") {
  MetricsCollector collector(3, 100);
  collector.add(summary_of({0.75f, 0.25f, 0}), 0);     // right
  collector.add(summary_of({0.5f, 0.25f, 0.25f}), 1);  // taken for class 0
  collector.add(summary_of({0.125f, 0.875f, 0}), 1);   // right
  collector.add(summary_of({0.25f, 0.5f, 0.25f}), 2);  // taken for class 1
  const Metrics metrics = collector.finish();
  CHECK(metrics.balanced_accuracy == Approx((1 + 0.5 + 0) / 3));
  // 2 found / (labelled + predicted): 2 / (1 + 2), 2 / (2 + 2), 0 / (1 + 0).
  CHECK(metrics.macro_f1 == Approx((2.0 / 3 + 0.5 + 0) / 3));
  // Class 0: 0.75 above all. Class 1: 0.25 ties one and is below one, 0.875 above both. Class 2:
  // 0.25 ties one and is above two.
  CHECK(metrics.per_class[0].auroc == 1.0);
  CHECK(metrics.per_class[1].auroc == Approx((0.5 + 0 + 1 + 1) / 4));
  CHECK(metrics.per_class[2].auroc == Approx((0.5 + 1 + 1) / 3));
  CHECK(metrics.macro_auroc == Approx((1 + 2.5 / 4 + 2.5 / 3) / 3));
}

TEST_CASE("a class without examples has no AUROC and no share of the means") {
  MetricsCollector collector(3, 100);
  collector.add(summary_of({0.75f, 0.25f, 0}), 0);
  collector.add(summary_of({0.25f, 0.75f, 0}), 1);
  const Metrics metrics = collector.finish();
  CHECK_FALSE(metrics.per_class[2].auroc.has_value());
  CHECK(metrics.macro_auroc == 1.0);
  CHECK(metrics.balanced_accuracy == 1.0);
  CHECK(metrics.macro_f1 == 1.0);
  MetricsCollector without(3);
  without.add(summary_of({0.75f, 0.25f, 0}), 0);
  CHECK(std::isnan(without.finish().macro_auroc));
}

TEST_CASE("AUROC is the share of pairs in order, ties counted half, in every resample") {
  constexpr std::size_t kExamples = 60, kClasses = 4, kLanes = 3;
  std::mt19937 random(5);
  std::vector<int> labels;
  std::vector<float> probabilities, times;
  for (std::size_t i = 0; i < kExamples; ++i) {
    labels.push_back(static_cast<int>(random() % 3));  // none of class 3
    for (std::size_t k = 0; k < kClasses; ++k) {
      probabilities.push_back(static_cast<float>(random() % 8) / 8.0f);
    }
    for (std::size_t l = 0; l < kLanes; ++l) times.push_back(static_cast<float>(random() % 4));
  }
  const ClassRanks ranks(labels, probabilities, kClasses);
  for (std::size_t k = 0; k < kClasses; ++k) {
    const auto found = ranks.auroc<kLanes>(k, times.data());
    for (std::size_t l = 0; l < kLanes; ++l) {
      double ordered = 0, pairs = 0;
      for (std::size_t a = 0; a < kExamples; ++a) {
        for (std::size_t b = 0; b < kExamples; ++b) {
          if (labels[a] != static_cast<int>(k) || labels[b] == static_cast<int>(k)) continue;
          const double weight = static_cast<double>(times[a * kLanes + l] * times[b * kLanes + l]);
          const float p = probabilities[a * kClasses + k], q = probabilities[b * kClasses + k];
          ordered += weight * (p > q ? 1.0 : p == q ? 0.5 : 0.0);
          pairs += weight;
        }
      }
      if (pairs == 0) {
        CHECK(std::isnan(found[l]));
      } else {
        CHECK(found[l] == Approx(ordered / pairs).epsilon(1e-12));
      }
    }
  }
}

TEST_CASE("the smooth calibration error is the fixed point of kernel smoothing") {
  std::mt19937 random(3);
  std::uniform_real_distribution<double> uniform(0, 1);
  for (const double skill : {1.0, 0.7, 0.3}) {
    std::vector<double> p, residuals;
    for (int i = 0; i < 80; ++i) {
      p.push_back(uniform(random));
      residuals.push_back((uniform(random) < skill * p.back() ? 1.0 : 0.0) - p.back());
    }
    CHECK(smooth_error(p, residuals) == Approx(plain_smooth_error(p, residuals)).epsilon(0.002));
  }
}

TEST_CASE("residuals of one sign cannot be smoothed away, and opposite ones cancel") {
  CHECK(smooth_error({0.7, 0.7, 0.7}, {0.3, 0.3, 0.3}) == Approx(0.3).epsilon(1e-5));
  CHECK(smooth_error({1.0, 0.0}, {-1.0, -0.0}) == Approx(0.5).epsilon(1e-5));
  CHECK(smooth_error({0.5, 0.5}, {0.5, -0.5}) < 1e-6);
  CHECK(std::isnan(smooth_error({}, {})));
}

TEST_CASE("generalised risk and the coverage at 5 % risk match the hand calculation") {
  MetricsCollector collector(2);
  // By falling confidence: right, wrong, right, right.
  for (const auto& [p, label] : {std::pair(0.9375f, 0), {0.875f, 1}, {0.75f, 0}, {0.625f, 0}}) {
    collector.add(summary_of({p, 1 - p}), label);
  }
  Metrics metrics = collector.finish();
  CHECK(metrics.augrc == Approx((0 + 1 + 1 + 1) / 16.0));
  CHECK(metrics.coverage_at_5_risk == 0.25);
  CHECK(metrics.risk_at_80_coverage == Approx(0.25));
  for (int i = 0; i < 16; ++i) collector.add(summary_of({0.5625f, 0.4375f}), 0);
  metrics = collector.finish();  // one error in twenty is exactly 5 %
  CHECK(metrics.coverage_at_5_risk == 1.0);
  collector.add(summary_of({0.53125f, 0.46875f}), 1);
  CHECK(collector.finish().coverage_at_5_risk == Approx(20.0 / 21));
}

}  // namespace
}  // namespace bnn
