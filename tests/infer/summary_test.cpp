// Expected values are worked out by hand; logarithms are written out where they occur.

#include "bnn/infer/summary.h"

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include <catch2/catch.hpp>

#include "bnn/core/error.h"

namespace {

using bnn::summarize;
using bnn::Summary;

const double kLog2 = std::log(2.0);

TEST_CASE("a summary of two certain samples that disagree is all mutual information") {
  const std::vector<float> p = {1, 0, 0, 1};
  const Summary summary = summarize(p.data(), 2, 2, 2);
  CHECK(summary.probabilities == std::vector<double>{0.5, 0.5});
  CHECK(summary.probabilities_std == std::vector<double>{0.5, 0.5});
  CHECK(summary.predicted == 0);  // A tie: the lowest index.
  CHECK(summary.confidence == 0.5);
  CHECK(summary.predictive_entropy == Approx(kLog2));
  CHECK(summary.expected_entropy == 0.0);
  CHECK(summary.mutual_information == Approx(kLog2));
  CHECK(summary.variation_ratio == 0.5);
}

TEST_CASE("the most probable classes come first, the lowest index among equals") {
  const std::vector<double> p = {0.125, 0.25, 0, 0.25, 0.375};
  using Order = std::vector<std::size_t>;
  CHECK(bnn::most_probable(p, 3) == Order{4, 1, 3});
  CHECK(bnn::most_probable(p, 5) == Order{4, 1, 3, 0, 2});
  CHECK(bnn::most_probable(p, 9) == Order{4, 1, 3, 0, 2});
  CHECK(bnn::most_probable(p, 0).empty());
}

TEST_CASE("a summary of samples that agree on a coin flip has no mutual information") {
  const std::vector<float> p = {0.5f, 0.5f, 0.5f, 0.5f, 0.5f, 0.5f};
  const Summary summary = summarize(p.data(), 3, 2, 2);
  CHECK(summary.predictive_entropy == Approx(kLog2));
  CHECK(summary.expected_entropy == Approx(kLog2));
  CHECK(summary.mutual_information == 0.0);
  CHECK(summary.variation_ratio == 0.0);
  CHECK(summary.probabilities_std == std::vector<double>{0, 0});
}

TEST_CASE("a summary of three samples over three classes matches the hand calculation") {
  // Means (3/8, 3/8, 1/4); deviations of class 0: 1/8, 1/8, -1/4 with population variance 1/32.
  const std::vector<float> p = {0.5f, 0.25f, 0.25f, 0.5f, 0.25f, 0.25f, 0.125f, 0.625f, 0.25f};
  const Summary summary = summarize(p.data(), 3, 3, 3);
  CHECK(summary.probabilities == std::vector<double>{0.375, 0.375, 0.25});
  CHECK(summary.probabilities_std[0] == Approx(std::sqrt(1.0 / 32)));
  CHECK(summary.probabilities_std[1] == Approx(std::sqrt(1.0 / 32)));
  CHECK(summary.probabilities_std[2] == 0.0);
  CHECK(summary.predicted == 0);
  CHECK(summary.confidence == 0.375);
  const double total = 2 * 0.375 * std::log(8.0 / 3) + 0.25 * std::log(4.0);
  const double within =
      (2 * 1.5 * kLog2 + 0.125 * std::log(8.0) + 0.625 * std::log(1.6) + 0.25 * std::log(4.0)) / 3;
  CHECK(summary.predictive_entropy == Approx(total));
  CHECK(summary.expected_entropy == Approx(within));
  CHECK(summary.mutual_information == Approx(total - within));
  CHECK(summary.variation_ratio == Approx(1.0 / 3));
}

TEST_CASE("the votes of the variation ratio may be for another class than the predicted one") {
  // Two of three samples lean to class 1, yet the mean (0.6, 0.4) is for class 0.
  const std::vector<float> p = {1, 0, 0.375f, 0.625f, 0.4375f, 0.5625f};
  const Summary summary = summarize(p.data(), 3, 2, 2);
  CHECK(summary.predicted == 0);
  CHECK(summary.variation_ratio == Approx(1.0 / 3));
}

TEST_CASE("a sample that is undecided votes for the lowest of its best classes") {
  const std::vector<float> p = {0.25f, 0.375f, 0.375f, 0, 1, 0};
  CHECK(summarize(p.data(), 2, 3, 3).variation_ratio == 0.0);
}

TEST_CASE("one sample leaves nothing to disagree about") {
  const std::vector<float> p = {0.1f, 0.7f, 0.2f};
  const Summary summary = summarize(p.data(), 1, 3, 3);
  CHECK(summary.predicted == 1);
  CHECK(summary.confidence == static_cast<double>(0.7f));
  CHECK(summary.mutual_information == 0.0);
  CHECK(summary.variation_ratio == 0.0);
  CHECK(summary.probabilities_std == std::vector<double>{0, 0, 0});
  CHECK(summary.predictive_entropy == summary.expected_entropy);
}

TEST_CASE("a summary of a single class is certain") {
  const std::vector<float> p = {1, 1};
  const Summary summary = summarize(p.data(), 2, 1, 1);
  CHECK(summary.predicted == 0);
  CHECK(summary.confidence == 1.0);
  CHECK(summary.predictive_entropy == 0.0);
  CHECK(summary.variation_ratio == 0.0);
}

TEST_CASE("the stride of a summary skips the other examples of a sample") {
  // [2 samples][2 examples][2 classes]; the second example begins at offset 2.
  const std::vector<float> p = {1, 0, 0.25f, 0.75f, 1, 0, 0.75f, 0.25f};
  const Summary summary = summarize(p.data() + 2, 2, 4, 2);
  CHECK(summary.probabilities == std::vector<double>{0.5, 0.5});
  CHECK(summary.probabilities_std == std::vector<double>{0.25, 0.25});
}

TEST_CASE("predictive entropy is expected entropy plus mutual information, all within bounds") {
  std::mt19937 generator(1);
  std::uniform_real_distribution<float> uniform(0.0f, 1.0f);
  for (int repeat = 0; repeat < 200; ++repeat) {
    constexpr std::size_t kSamples = 7, kClasses = 5;
    std::vector<float> p(kSamples * kClasses);
    for (std::size_t s = 0; s < kSamples; ++s) {
      float sum = 0;
      for (std::size_t k = 0; k < kClasses; ++k) {
        // A high power gives everything from nearly certain to nearly uniform samples.
        p[s * kClasses + k] = std::pow(uniform(generator), static_cast<float>(repeat % 20));
        sum += p[s * kClasses + k];
      }
      for (std::size_t k = 0; k < kClasses; ++k) p[s * kClasses + k] /= sum;
    }
    const Summary summary = summarize(p.data(), kSamples, kClasses, kClasses);
    CHECK(summary.mutual_information >= 0);
    CHECK(summary.predictive_entropy ==
          Approx(summary.expected_entropy + summary.mutual_information).margin(1e-12));
    CHECK(summary.predictive_entropy <= std::log(5.0) + 1e-6);
    CHECK(summary.variation_ratio <= 1 - 1.0 / 5);
  }
}

TEST_CASE("mutual information is not negative where the samples differ by rounding alone") {
  std::mt19937 generator(2);
  std::uniform_real_distribution<float> uniform(0.0f, 1.0f);
  for (int repeat = 0; repeat < 500; ++repeat) {
    const float q = uniform(generator);
    std::vector<float> p;
    for (int s = 0; s < 3; ++s) {
      const float nudged = s == 0 ? std::nextafter(q, 0.0f) : q;
      p.push_back(nudged);
      p.push_back(1 - nudged);
    }
    CHECK(summarize(p.data(), 3, 2, 2).mutual_information >= 0);
  }
}

TEST_CASE("probabilities that are not finite are an error that names the sample") {
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    const std::vector<float> p = {0.5f, 0.5f, bad, 0.5f};
    try {
      summarize(p.data(), 2, 2, 2);
      FAIL("expected an error");
    } catch (const bnn::Error& error) {
      CHECK(error.kind() == bnn::ErrorKind::numerical);
      CHECK(std::string(error.what()).find("sample 1") != std::string::npos);
    }
    CHECK_NOTHROW(summarize(p.data(), 1, 2, 2));
  }
}

}  // namespace
