#include "bnn/bayes/likelihood.h"

#include <cmath>
#include <limits>
#include <vector>

#include <catch2/catch.hpp>

#include "bnn/bayes/softmax_classifier.h"
#include "bnn/math/softmax.h"
#include "support/normal_likelihood.h"

using namespace bnn;
using namespace bnn::testing;

namespace {

const std::vector<float> kOutputs = {0.5f, -0.25f, 1.5f, 0.0f};

double loss_of(const Likelihood& likelihood, const std::vector<float>& outputs,
               const Target& target) {
  std::vector<float> gradient(outputs.size());
  return likelihood.loss(outputs, target, 1.0f, gradient);
}

// The gradient times the scale, against central differences of the loss.
void check_gradient(const Likelihood& likelihood, const std::vector<float>& outputs,
                    const Target& target) {
  constexpr float kStep = 0x1p-7f, kScale = 0.25f;
  std::vector<float> gradient(outputs.size(), 7.0f);
  likelihood.loss(outputs, target, kScale, gradient);
  for (std::size_t k = 0; k < outputs.size(); ++k) {
    auto above = outputs, below = outputs;
    above[k] += kStep;
    below[k] -= kStep;
    const double difference =
        (loss_of(likelihood, above, target) - loss_of(likelihood, below, target)) / (2.0 * kStep);
    CHECK(gradient[k] == Approx(kScale * difference).epsilon(1e-3).margin(1e-5));
  }
}

}  // namespace

TEST_CASE("targets are classes or rows of numbers") {
  const std::vector<int> labels = {2, 0, 1};
  const Targets classes{labels};
  CHECK((classes.size() == 3 && classes.width() == 0));
  CHECK(classes[1].label == 0);
  CHECK(classes[1].values.empty());

  const std::vector<float> numbers = {1, 2, 3, 4, 5, 6};
  const Targets rows(numbers, 2);
  CHECK((rows.size() == 3 && rows.width() == 2));
  CHECK(std::vector<float>(rows[2].values.begin(), rows[2].values.end()) ==
        std::vector<float>{5, 6});
  CHECK(Targets().size() == 0);
}

TEST_CASE("the loss of a label has the bits of the cross entropy") {
  const SoftmaxClassifier classifier(4);
  for (int label = 0; label < 4; ++label) {
    std::vector<float> expected(4), gradient(4);
    const double loss = cross_entropy(kOutputs, label, 0.125f, expected);
    CHECK(classifier.loss(kOutputs, {.label = label}, 0.125f, gradient) == loss);
    CHECK(gradient == expected);
    check_gradient(classifier, kOutputs, {.label = label});
  }
}

TEST_CASE("class weights multiply losses and gradients, and leave predictions alone") {
  const std::vector<float> weights = {2.0f, 0.0f, 0.5f, 1.0f};
  const SoftmaxClassifier plain(4), weighted(4, weights);
  for (int label = 0; label < 4; ++label) {
    const auto weight = static_cast<double>(weights[static_cast<std::size_t>(label)]);
    CHECK(loss_of(weighted, kOutputs, {.label = label}) ==
          Approx(weight * loss_of(plain, kOutputs, {.label = label})).epsilon(1e-12));
    check_gradient(weighted, kOutputs, {.label = label});
  }
  const std::vector<float> target = {0.125f, 0.0f, 0.25f, 0.625f};  // the mean weight is 1
  CHECK(loss_of(weighted, kOutputs, {.values = target}) ==
        Approx(loss_of(plain, kOutputs, {.values = target})).epsilon(1e-6));
  check_gradient(weighted, kOutputs, {.values = target});
  std::vector<float> a(4), b(4);
  plain.predict(kOutputs, a);
  weighted.predict(kOutputs, b);
  CHECK(a == b);
}

TEST_CASE("a smoothed label costs what the soft target costs that it stands for") {
  const std::vector<float> weights = {2.0f, 0.25f, 0.5f, 1.0f};
  const SoftmaxClassifier soft(4), smoothing(4, {}, 0.2f), weighted(4, weights, 0.2f);
  for (int label = 0; label < 4; ++label) {
    std::vector<float> target(4, 0.05f);
    target[static_cast<std::size_t>(label)] = 0.85f;
    const double expected = loss_of(soft, kOutputs, {.values = target});
    CHECK(loss_of(smoothing, kOutputs, {.label = label}) == Approx(expected).epsilon(1e-6));
    check_gradient(smoothing, kOutputs, {.label = label});
    // The weight is that of the label alone.
    CHECK(loss_of(weighted, kOutputs, {.label = label}) ==
          Approx(static_cast<double>(weights[static_cast<std::size_t>(label)]) * expected)
              .epsilon(1e-6));
    check_gradient(weighted, kOutputs, {.label = label});
    // A soft target is taken as it is.
    CHECK(loss_of(smoothing, kOutputs, {.values = target}) == expected);
  }
  CHECK(std::isnan(
      loss_of(smoothing, {0.5f, std::numeric_limits<float>::quiet_NaN(), 0, 0}, {.label = 0})));
}

TEST_CASE("a network that is certain of a smoothed label pays for it") {
  const SoftmaxClassifier smoothing(4, {}, 0.2f);
  const double certain = loss_of(smoothing, {20, 0, 0, 0}, {.label = 0});
  CHECK(certain == Approx(0.05 * 3 * 20).epsilon(1e-5));
  // The least loss is the entropy of the target.
  const auto z = static_cast<float>(std::log(0.85 / 0.05));
  CHECK(loss_of(smoothing, {z, 0, 0, 0}, {.label = 0}) ==
        Approx(-0.85 * std::log(0.85) - 0.15 * std::log(0.05)).epsilon(1e-6));
}

TEST_CASE("the loss of a soft target is the mean of the labels' losses, weighted by its shares") {
  const SoftmaxClassifier classifier(4);
  const std::vector<float> target = {0.125f, 0.0f, 0.25f, 0.625f};
  double expected = 0.0;
  for (int k = 0; k < 4; ++k) {
    expected += static_cast<double>(target[static_cast<std::size_t>(k)]) *
                loss_of(classifier, kOutputs, {.label = k});
  }
  CHECK(loss_of(classifier, kOutputs, {.values = target}) == Approx(expected).epsilon(1e-12));
  check_gradient(classifier, kOutputs, {.values = target});
}

TEST_CASE("a soft target that is sure of a class costs what the label costs") {
  const SoftmaxClassifier classifier(4);
  const std::vector<float> target = {0, 0, 1, 0};
  CHECK(loss_of(classifier, kOutputs, {.values = target}) ==
        Approx(loss_of(classifier, kOutputs, {.label = 2})).epsilon(1e-12));
  // A class that cannot be costs nothing if the target gives it nothing.
  const std::vector<float> impossible = {0.5f, -std::numeric_limits<float>::infinity(), 1.5f, 0.0f};
  CHECK(std::isfinite(loss_of(classifier, impossible, {.values = target})));
}

TEST_CASE("an output that is not a number gives a loss that is none, whatever the target") {
  const SoftmaxClassifier classifier(4);
  const std::vector<float> soft = {0.5f, 0.5f, 0, 0}, nothing = {0, 0, 0, 0};
  for (std::size_t place = 0; place < 4; ++place) {
    auto outputs = kOutputs;
    outputs[place] = std::numeric_limits<float>::quiet_NaN();
    CHECK(std::isnan(loss_of(classifier, outputs, {.label = 1})));
    CHECK(std::isnan(loss_of(classifier, outputs, {.values = soft})));
    CHECK(std::isnan(loss_of(classifier, outputs, {.values = nothing})));
  }
}

TEST_CASE("a classifier is right if the first of the largest outputs is the target's class") {
  const SoftmaxClassifier classifier(3);
  const std::vector<float> outputs = {1, 3, 3}, soft = {0.2f, 0.4f, 0.4f}, other = {0.6f, 0.4f, 0};
  CHECK(classifier.is_right(outputs, {.label = 1}) == true);
  CHECK(classifier.is_right(outputs, {.label = 2}) == false);
  CHECK(classifier.is_right(outputs, {.values = soft}) == true);
  CHECK(classifier.is_right(outputs, {.values = other}) == false);
  CHECK(NormalLikelihood(1).is_right(outputs, {.values = soft}) == std::nullopt);
}

TEST_CASE("a classifier predicts the softmax of its outputs and says what it needs") {
  const SoftmaxClassifier classifier(4);
  CHECK((classifier.outputs() == 4 && classifier.prediction_size() == 4));
  std::vector<float> expected(4), prediction(4);
  softmax(kOutputs, expected);
  classifier.predict(kOutputs, prediction);
  CHECK(prediction == expected);
  const std::vector<int> labels = {1};
  const std::vector<float> numbers(12);
  CHECK(classifier.accepts(Targets(labels)));
  CHECK(classifier.accepts(Targets(numbers, 4)));
  CHECK(!classifier.accepts(Targets(numbers, 3)));
}

TEST_CASE("the gradient of a normal likelihood is that of its loss") {
  const NormalLikelihood normal(2);
  const std::vector<float> target = {1.25f, -0.5f};
  check_gradient(normal, kOutputs, {.values = target});
  // At the mean and of variance 1 there is only the constant.
  const std::vector<float> there = {1.25f, -0.5f, 0, 0};
  CHECK(loss_of(normal, there, {.values = target}) == Approx(std::log(2 * std::numbers::pi)));
}
