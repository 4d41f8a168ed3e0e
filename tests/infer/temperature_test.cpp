#include "bnn/infer/temperature.h"

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include <catch2/catch.hpp>

#include "bnn/core/error.h"

namespace bnn {
namespace {

using Numbers = std::vector<double>;

double entropy(const Numbers& p) {
  double sum = 0;
  for (const double value : p) sum -= value > 0 ? value * std::log(value) : 0.0;
  return sum;
}

Numbers softmax_of(const Numbers& logits, double factor) {
  Numbers p;
  double sum = 0;
  for (const double z : logits) p.push_back(std::exp(factor * z));
  for (const double value : p) sum += value;
  for (double& value : p) value /= sum;
  return p;
}

// Labels drawn from softmax(z); the network believes softmax(factor * z).
LabelledProbabilities simulated(std::size_t examples, int classes, double factor, unsigned seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal(0, 2);
  LabelledProbabilities data{.classes = classes};
  for (std::size_t i = 0; i < examples; ++i) {
    Numbers z;
    for (int k = 0; k < classes; ++k) z.push_back(normal(random));
    const Numbers truth = softmax_of(z, 1);
    std::discrete_distribution<int> label(truth.begin(), truth.end());
    data.add(softmax_of(z, factor), label(random));
  }
  return data;
}

LabelledProbabilities repeated(const Numbers& p, int label, int times) {
  LabelledProbabilities data{.classes = static_cast<int>(p.size())};
  for (int i = 0; i < times; ++i) data.add(p, label);
  return data;
}

// [samples][classes] that differ much, as floats.
std::vector<float> random_samples(std::size_t samples, std::size_t classes, unsigned seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal(0, 3);
  std::vector<float> all;
  for (std::size_t s = 0; s < samples; ++s) {
    Numbers z;
    for (std::size_t k = 0; k < classes; ++k) z.push_back(normal(random));
    for (const double p : softmax_of(z, 1)) all.push_back(static_cast<float>(p));
  }
  return all;
}

TEST_CASE("scaled probabilities are softmax(log p / T)") {
  const Numbers half = scaled_probabilities(Numbers{0.8, 0.2}, 2);  // roots: 2 to 1
  CHECK(half[0] == Approx(2.0 / 3));
  CHECK(half[1] == Approx(1.0 / 3));
  const Numbers sharp = scaled_probabilities(Numbers{0.8, 0.2}, 0.5);  // squares: 16 to 1
  CHECK(sharp[0] == Approx(16.0 / 17));
  const Numbers same = {0.1, 0.2, 0.7};
  CHECK(scaled_probabilities(same, 1) == same);
  // What is impossible is floored at 2^-126: at T = 18 the ratio is 2^-7.
  const Numbers floored = scaled_probabilities(Numbers{1, 0}, 18);
  CHECK(floored[1] / floored[0] == Approx(std::exp2(-7)));
  CHECK(scaled_probabilities(Numbers{0.5, 0.5, 0}, 0.05)[0] == Approx(0.5));
}

TEST_CASE("the fit finds the temperature that logits were multiplied by") {
  for (const double truth : {0.4, 1.0, 1.7, 6.0}) {
    const LabelledProbabilities data = simulated(20000, 5, truth, 3);
    const TemperatureFit fit = fit_temperature(data);
    CAPTURE(truth, fit.temperature);
    CHECK(fit.temperature == Approx(truth).epsilon(0.04));
    CHECK_FALSE(fit.at_bound);
    CHECK(fit.nll_before == Approx(scaled_nll(data, 1)));
    CHECK(fit.nll_after == Approx(scaled_nll(data, fit.temperature)));
    CHECK(fit.nll_after <= fit.nll_before);
    if (truth > 1.5) CHECK(fit.nll_after < 0.95 * fit.nll_before);
  }
}

TEST_CASE("the mean NLL at a temperature is that of the scaled probabilities") {
  const LabelledProbabilities data = simulated(50, 4, 2, 5);
  for (const double temperature : {0.5, 1.0, 3.0}) {
    double sum = 0;
    for (std::size_t i = 0; i < 50; ++i) {
      const Numbers p = scaled_probabilities(data.of(i), temperature);
      sum -= std::log(p[static_cast<std::size_t>(data.labels[i])]);
    }
    CHECK(scaled_nll(data, temperature) == Approx(sum / 50));
  }
}

TEST_CASE("at the fitted temperature the NLL is at its minimum") {
  for (unsigned seed = 0; seed < 20; ++seed) {
    const LabelledProbabilities data = simulated(40, 3, 0.3 + seed / 5.0, seed);
    const TemperatureFit fit = fit_temperature(data);
    CAPTURE(seed, fit.temperature);
    CHECK(fit.nll_after <= fit.nll_before);
    if (fit.at_bound) continue;
    const double b = 1 / fit.temperature, step = 1e-4 * b;
    const double above = scaled_nll(data, 1 / (b + step)), below = scaled_nll(data, 1 / (b - step));
    CHECK(std::abs(above - below) / (2 * step) < 1e-6);
    CHECK(above >= fit.nll_after);
    CHECK(below >= fit.nll_after);
  }
}

TEST_CASE("the temperature stays within its bounds and says so") {
  // Always right: NLL falls for ever as T falls.
  const TemperatureFit right = fit_temperature(repeated({0.6, 0.3, 0.1}, 0, 5));
  CHECK(right.temperature == Approx(kMinTemperature));
  CHECK(right.at_bound);
  CHECK(right.nll_after < 1e-5);
  // Always wrong.
  const TemperatureFit wrong = fit_temperature(repeated({0.6, 0.3, 0.1}, 2, 5));
  CHECK(wrong.temperature == Approx(kMaxTemperature));
  CHECK(wrong.at_bound);
  CHECK(wrong.nll_after < wrong.nll_before);
}

TEST_CASE("where no temperature is better, T is 1") {
  for (const LabelledProbabilities& data :
       {repeated({0.25, 0.25, 0.25, 0.25}, 1, 3), repeated({1, 0}, 0, 2), repeated({1}, 0, 4)}) {
    const TemperatureFit fit = fit_temperature(data);
    CHECK(fit.temperature == 1);
    CHECK(fit.nll_after == fit.nll_before);
  }
  CHECK_THROWS_AS(fit_temperature(LabelledProbabilities{.classes = 3}), Error);
}

TEST_CASE("labels that the network holds for impossible give finite numbers") {
  LabelledProbabilities data = repeated({1, 0}, 0, 9);
  data.add(Numbers{1, 0}, 1);
  const TemperatureFit fit = fit_temperature(data);
  CHECK(fit.nll_before == Approx(12.6 * std::log(2)));  // a tenth of 126 ln 2
  // The best is p = 0.9: (2^-126)^(1/T) = 1/9, T = 126 log 2 / log 9 = 39.7, beyond the bound.
  CHECK(fit.temperature == Approx(kMaxTemperature));
  CHECK(std::isfinite(fit.nll_after));
  for (int i = 0; i < 990; ++i) data.add(Numbers{1, 0}, 0);
  // p = 0.999: T = 126 log 2 / log 999 = 12.645.
  CHECK(fit_temperature(data).temperature == Approx(126 * std::log(2) / std::log(999)));
}

TEST_CASE("a summary at temperature 1 is the plain one") {
  const std::vector<float> samples = random_samples(5, 4, 1);
  const Summary plain = summarize(samples.data(), 5, 4, 4);
  const Summary scaled = summarize_scaled(samples.data(), 5, 4, 4, 1);
  CHECK(scaled.probabilities == plain.probabilities);
  CHECK(scaled.probabilities_std == plain.probabilities_std);
  CHECK(scaled.expected_entropy == plain.expected_entropy);
  CHECK(scaled.mutual_information == plain.mutual_information);
}

TEST_CASE("uncertainty is split by the weights that turn the mean into the scaled mean") {
  // p = (0.6, 0.4), T = 1/2: the weights are p itself. The samples become (0.54, 0.04) / 0.58 and
  // (0.18, 0.28) / 0.46 with shares 0.58 / 1.04 and 0.46 / 1.04; the mean becomes (9, 4) / 13.
  const std::vector<float> samples = {0.9f, 0.1f, 0.3f, 0.7f};
  const Summary s = summarize_scaled(samples.data(), 2, 2, 2, 0.5);
  const Numbers first = {0.54 / 0.58, 0.04 / 0.58}, second = {0.18 / 0.46, 0.28 / 0.46};
  const double share = 0.58 / 1.04;
  CHECK(s.probabilities[0] == Approx(9.0 / 13).epsilon(1e-6));
  CHECK(s.confidence == s.probabilities[0]);
  CHECK(s.predictive_entropy == Approx(entropy({9.0 / 13, 4.0 / 13})).epsilon(1e-6));
  const double expected = share * entropy(first) + (1 - share) * entropy(second);
  CHECK(s.expected_entropy == Approx(expected).epsilon(1e-6));
  CHECK(s.mutual_information == Approx(entropy({9.0 / 13, 4.0 / 13}) - expected).epsilon(1e-5));
  const double variance =
      share * std::pow(first[0] - 9.0 / 13, 2) + (1 - share) * std::pow(second[0] - 9.0 / 13, 2);
  CHECK(s.probabilities_std[0] == Approx(std::sqrt(variance)).epsilon(1e-5));
  CHECK(s.variation_ratio == 0.5);  // one vote each, as before
}

TEST_CASE("one sample has no doubt in the model at any temperature") {
  for (const double temperature : {0.3, 0.7, 1.1, 1.4152, 7.0}) {
    for (const float p : {0.1f, 0.3f, 0.45f, 0.7f}) {
      const std::vector<float> sample = {p, (1 - p) / 3, (1 - p) * 2 / 3};
      const Summary s = summarize_scaled(sample.data(), 1, 3, 3, temperature);
      CHECK(s.mutual_information == 0.0);
      CHECK(s.expected_entropy == s.predictive_entropy);
      CHECK(s.probabilities_std == std::vector<double>(3, 0.0));
    }
  }
}

TEST_CASE("at any temperature entropies add up, are not negative, and the prediction stays") {
  for (unsigned seed = 0; seed < 50; ++seed) {
    const std::size_t samples = 1 + seed % 7, classes = 2 + seed % 5;
    std::vector<float> all = random_samples(samples, classes, seed);
    const bool impossible = seed % 3 == 0;  // one class for all samples, one for the first
    for (std::size_t s = 0; impossible && s < samples; ++s) all[s * classes] = 0;
    if (impossible) all[1] = 0;
    const int k = static_cast<int>(classes);
    const Summary plain = summarize(all.data(), samples, classes, k);
    for (const double temperature : {0.05, 0.3, 0.9, 1.1, 4.0, 20.0}) {
      CAPTURE(seed, temperature);
      const Summary s = summarize_scaled(all.data(), samples, classes, k, temperature);
      const Numbers p = scaled_probabilities(plain.probabilities, temperature);
      CHECK(s.predicted == plain.predicted);
      CHECK(s.variation_ratio == plain.variation_ratio);
      CHECK(s.confidence == s.probabilities[static_cast<std::size_t>(s.predicted)]);
      CHECK(s.predictive_entropy == Approx(entropy(p)).margin(1e-12));
      CHECK(s.expected_entropy >= 0);
      CHECK(s.mutual_information >= 0);
      CHECK(s.expected_entropy + s.mutual_information == Approx(s.predictive_entropy).margin(1e-9));
      if (samples == 1) CHECK(s.mutual_information == Approx(0).margin(1e-9));
      // Samples that differ leave something for the model's part, except where one class alone is
      // possible or sharpening leaves one.
      const bool decided = classes == 2 && impossible;
      if (samples > 1 && temperature >= 0.9 && !decided) CHECK(s.mutual_information > 1e-4);
      for (std::size_t c = 0; c < classes; ++c) {
        CHECK(s.probabilities[c] == Approx(p[c]).margin(1e-12));
        CHECK(std::isfinite(s.probabilities_std[c]));
        if (samples == 1) CHECK(s.probabilities_std[c] == Approx(0).margin(1e-9));
      }
    }
  }
}

}  // namespace
}  // namespace bnn
