// Calibration by class and the parts of the Brier score, against hand calculations and against the
// definitions written out example by example.

#include "bnn/infer/class_calibration.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include <catch2/catch.hpp>

#include "bnn/infer/calibration.h"
#include "bnn/infer/metrics.h"

namespace bnn {
namespace {

struct Labelled {
  std::vector<double> p;
  std::size_t label;
};

// K probabilities in steps of 1/16, so that bins have several examples and some values are equal;
// every third example is more finely spread.
std::vector<Labelled> random_examples(std::size_t count, std::size_t classes, std::uint32_t seed) {
  std::mt19937 generator(seed);
  std::uniform_real_distribution<double> uniform(0.0, 1.0);
  std::vector<Labelled> examples;
  for (std::size_t i = 0; i < count; ++i) {
    std::vector<double> p(classes, 0.0);
    double left = 1;
    for (std::size_t k = 0; k + 1 < classes; ++k) {
      p[k] =
          i % 3 == 0 ? left * uniform(generator) : std::floor(left * uniform(generator) * 16) / 16;
      left -= p[k];
    }
    p.back() = left;
    std::shuffle(p.begin(), p.end(), generator);
    examples.push_back({p, generator() % classes});
  }
  return examples;
}

double brier_of(const std::vector<Labelled>& examples) {
  double sum = 0;
  for (const Labelled& one : examples) {
    for (std::size_t k = 0; k < one.p.size(); ++k) {
      sum += std::pow(one.p[k] - (k == one.label ? 1 : 0), 2);
    }
  }
  return sum / static_cast<double>(examples.size());
}

struct NaiveParts {
  double class_ece = 0, reliability = 0, murphy_resolution = 0, uncertainty = 0;
  double within_variance = 0, within_covariance = 0;
};

// The calibration error of one class and the mean of its probability, one loop over all examples
// for each bin.
ClassFit naive_fit(const std::vector<Labelled>& examples, std::size_t k) {
  ClassFit fit;
  const auto total = static_cast<double>(examples.size());
  for (const Labelled& one : examples) fit.mean_probability += one.p[k] / total;
  for (int b = 0; b < 15; ++b) {
    double gap = 0;  // n (o - f) is the sum of outcome - probability
    for (const Labelled& one : examples) {
      const int bin = std::max(static_cast<int>(std::ceil(one.p[k] * 15)) - 1, 0);
      if (bin == b) gap += (one.label == k ? 1 : 0) - one.p[k];
    }
    fit.calibration_error += std::abs(gap) / total;
  }
  return fit;
}

// Five sums over classes, bins and examples, as Stephenson et al. define them for one class.
NaiveParts naive_parts(const std::vector<Labelled>& examples) {
  const std::size_t classes = examples[0].p.size();
  const auto total = static_cast<double>(examples.size());
  NaiveParts parts;
  for (std::size_t k = 0; k < classes; ++k) {
    double base = 0;
    for (const Labelled& one : examples) base += (one.label == k ? 1 : 0) / total;
    parts.uncertainty += base * (1 - base);
    for (int b = 0; b < 15; ++b) {
      std::vector<const Labelled*> members;
      double f = 0, o = 0;
      for (const Labelled& one : examples) {
        const bool above = b == 0 || one.p[k] > b / 15.0;
        const bool below = b == 14 || one.p[k] <= (b + 1) / 15.0;
        if (!above || !below) continue;
        members.push_back(&one);
        f += one.p[k];
        o += one.label == k ? 1 : 0;
      }
      if (members.empty()) continue;
      const auto n = static_cast<double>(members.size());
      f /= n;
      o /= n;
      parts.class_ece += n / total * std::abs(o - f) / static_cast<double>(classes);
      parts.reliability += n / total * (f - o) * (f - o);
      parts.murphy_resolution += n / total * (o - base) * (o - base);
      for (const Labelled* one : members) {
        const double outcome = one->label == k ? 1 : 0;
        parts.within_variance += (one->p[k] - f) * (one->p[k] - f) / total;
        parts.within_covariance += 2 * (one->p[k] - f) * (outcome - o) / total;
      }
    }
  }
  return parts;
}

ClassCalibration collect(const std::vector<Labelled>& examples) {
  ClassCalibration calibration(static_cast<int>(examples[0].p.size()));
  for (const Labelled& one : examples) calibration.add(one.p, one.label);
  return calibration;
}

}  // namespace

TEST_CASE("class-wise calibration and the parts of the Brier score match the hand calculation") {
  // Class 0: bin of 0.75 has two examples, one of them of the class; bin of 0.25 has one, not of
  // it.
  const std::vector<Labelled> examples = {{{0.75, 0.25}, 0}, {{0.75, 0.25}, 1}, {{0.25, 0.75}, 1}};
  const ClassCalibration calibration = collect(examples);
  CHECK(calibration.class_ece() == Approx(0.25));
  // Class 0: the bin of 0.75 has half its examples of the class, that of 0.25 none of its one.
  CHECK(calibration.of_class(0).mean_probability == Approx(1.75 / 3));
  CHECK(calibration.of_class(0).calibration_error == Approx((2 * 0.25 + 0.25) / 3));
  const double brier = (0.125 + 1.125 + 0.125) / 3;
  const BrierDecomposition parts = calibration.decompose(brier);
  CHECK(parts.reliability == Approx(2.0 / 16));
  CHECK(parts.uncertainty == Approx(4.0 / 9));
  // Equal probabilities in each bin: Murphy's own resolution, (2/3) / 36 + (1/3) / 9 for each
  // class.
  CHECK(parts.resolution == Approx(1.0 / 9));
}

TEST_CASE("the parts of the Brier score add up to it, and are what their definitions say") {
  for (const std::size_t classes : {1u, 2u, 5u}) {
    for (const std::size_t count : {1u, 2u, 17u, 300u}) {
      CAPTURE(classes, count);
      const auto examples =
          random_examples(count, classes, static_cast<std::uint32_t>(10 * count + classes));
      const ClassCalibration calibration = collect(examples);
      const double brier = brier_of(examples);
      const BrierDecomposition parts = calibration.decompose(brier);
      const NaiveParts naive = naive_parts(examples);
      CHECK(parts.reliability - parts.resolution + parts.uncertainty ==
            Approx(brier).margin(1e-14));
      CHECK(parts.reliability == Approx(naive.reliability).margin(1e-13));
      CHECK(parts.uncertainty == Approx(naive.uncertainty).margin(1e-13));
      CHECK(parts.resolution ==
            Approx(naive.murphy_resolution - naive.within_variance + naive.within_covariance)
                .margin(1e-13));
      CHECK(calibration.class_ece() == Approx(naive.class_ece).margin(1e-13));
      // The correction for bins is there to be seen.
      if (count == 300 && classes > 1) CHECK(naive.within_variance > 1e-5);
    }
  }
}

TEST_CASE(
    "the calibration error of a class is what its definition says, and class_ece their mean") {
  for (const std::size_t classes : {1u, 2u, 5u}) {
    for (const std::size_t count : {1u, 17u, 300u}) {
      CAPTURE(classes, count);
      const auto examples =
          random_examples(count, classes, static_cast<std::uint32_t>(10 * count + classes));
      const ClassCalibration calibration = collect(examples);
      double sum = 0;
      for (std::size_t k = 0; k < classes; ++k) {
        const ClassFit fit = calibration.of_class(k), naive = naive_fit(examples, k);
        CHECK(fit.mean_probability == Approx(naive.mean_probability).margin(1e-13));
        CHECK(fit.calibration_error == Approx(naive.calibration_error).margin(1e-13));
        sum += fit.calibration_error;
      }
      CHECK(calibration.class_ece() == Approx(sum / static_cast<double>(classes)).margin(1e-14));
    }
  }
}

TEST_CASE("sure and right is perfect, sure and wrong has the worst reliability") {
  const ClassCalibration right = collect({{{1, 0}, 0}, {{0, 1}, 1}});
  CHECK(right.class_ece() == 0.0);
  CHECK(right.decompose(0).reliability == 0.0);
  CHECK(right.decompose(0).uncertainty == 0.5);
  CHECK(right.decompose(0).resolution == 0.5);
  const ClassCalibration wrong = collect({{{1, 0}, 1}, {{0, 1}, 0}});
  CHECK(wrong.class_ece() == 1.0);
  CHECK(wrong.decompose(2).reliability == 2.0);
  // Sorted into its two groups as well as can be, only under the wrong names.
  CHECK(wrong.decompose(2).resolution == 0.5);
}

TEST_CASE("a single class is perfect, and no examples give no numbers") {
  const ClassCalibration single = collect({{{1}, 0}, {{1}, 0}});
  CHECK(single.class_ece() == 0.0);
  CHECK(single.decompose(0).uncertainty == 0.0);
  CHECK(single.decompose(0).resolution == 0.0);
  const ClassCalibration none(3);
  CHECK(std::isnan(none.class_ece()));
  CHECK(std::isnan(none.of_class(2).calibration_error));
  CHECK(std::isnan(none.of_class(2).mean_probability));
  CHECK(std::isnan(none.decompose(0.5).reliability));
  CHECK(std::isnan(none.decompose(0.5).resolution));
  CHECK(std::isnan(none.decompose(0.5).uncertainty));
}

TEST_CASE("sums over classes do not depend, to the last bit, on the order of the examples") {
  auto examples = random_examples(500, 4, 9);
  const ClassCalibration first = collect(examples);
  std::mt19937 generator(1);
  for (int repeat = 0; repeat < 5; ++repeat) {
    std::shuffle(examples.begin(), examples.end(), generator);
    const ClassCalibration other = collect(examples);
    CHECK(other.class_ece() == first.class_ece());
    CHECK(other.of_class(3).calibration_error == first.of_class(3).calibration_error);
    CHECK(other.of_class(3).mean_probability == first.of_class(3).mean_probability);
    CHECK(other.decompose(0.5).reliability == first.decompose(0.5).reliability);
    CHECK(other.decompose(0.5).uncertainty == first.decompose(0.5).uncertainty);
  }
}

TEST_CASE("the bin of a probability is the one whose bounds enclose it") {
  CHECK(equal_width_bin(0.0) == 0);
  CHECK(equal_width_bin(1.0) == 14);
  CHECK(equal_width_bin(std::nextafter(1.0, 2.0)) == 14);
  for (std::size_t b = 1; b < 15; ++b) {
    const double bound = static_cast<double>(b) / 15.0;
    CHECK(equal_width_bin(std::nextafter(bound, 0.0)) == b - 1);
    CHECK(equal_width_bin(bound) == b - 1);
    CHECK(equal_width_bin(std::nextafter(bound, 1.0)) == b);
  }
}

TEST_CASE("metrics hold class-wise calibration and the parts of their Brier score") {
  MetricsCollector collector(2);
  const auto add = [&](std::vector<float> p, int label) {
    collector.add(summarize(p.data(), 1, 2, 2), label);
  };
  add({0.75f, 0.25f}, 0);
  add({0.75f, 0.25f}, 1);
  add({0.25f, 0.75f}, 1);
  const Metrics metrics = collector.finish();
  CHECK(metrics.class_ece == Approx(0.25));
  CHECK(metrics.per_class[0].fit.mean_probability == Approx(1.75 / 3));
  CHECK(metrics.per_class[1].fit.mean_probability == Approx(1.25 / 3));
  CHECK(metrics.per_class[1].fit.calibration_error == Approx(0.25));
  CHECK(metrics.brier_decomposition.reliability == Approx(2.0 / 16));
  CHECK(metrics.brier_decomposition.resolution == Approx(1.0 / 9));
  CHECK(metrics.brier_decomposition.uncertainty == Approx(4.0 / 9));
  CHECK(std::isnan(MetricsCollector(2).finish().class_ece));
}

}  // namespace bnn
