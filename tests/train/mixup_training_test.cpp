// Mixtures of examples and smoothed labels in the loss and gradient of a batch.

#include <cmath>
#include <numeric>
#include <vector>

#include <catch2/catch.hpp>

#include "bnn/train/trainer.h"
#include "support/model_fixtures.h"

namespace bnn::testing {
namespace {

const std::string kLinear = R"({"input": {"height": 2, "width": 2, "channels": 1}, "layers": [
    {"type": "flatten"}, {"type": "dense", "name": "logits", "units": 3}]})";
const std::string kFlipout = R"({"input": {"height": 2, "width": 2, "channels": 1}, "layers": [
    {"type": "conv2d_flipout", "filters": 4, "kernel_size": 2, "activation": "relu"},
    {"type": "flatten"}, {"type": "dense_flipout", "name": "logits", "units": 3}]})";
const std::vector<float> kWeights = {0.5f, 2.0f, 1.0f};
constexpr float kSmoothing = 0.25f;
constexpr std::size_t kPixelCount = 4, kClasses = 3;

struct MixedBatch {
  Dataset data = random_dataset({2, 2, 1}, 3, 20, 1);
  TrainingLoader loader{
      data, indices(20), {{0.5}, {0.5}}, {.flip_horizontal = true, .mixup = 0.8}, 5};
  Graph graph;
  SoftmaxClassifier likelihood{3, kWeights, kSmoothing};
  ThreadPool pool;
  TrainingSpec spec{.batch_size = 10, .seed = 5, .shards = 4};
  BatchGradient batch;
  AlignedArray parameters;

  explicit MixedBatch(const std::string& model, int threads = 2)
      : graph(make_graph(model)),
        pool(threads),
        batch(graph, likelihood, Targets(data.labels()), spec, loader, pool),
        parameters(graph.layout().size()) {
    initialize_parameters(graph.layout(), 3, parameters);
  }

  BatchLoss compute() { return batch.compute(parameters.data(), 2, indices(10, 4)); }
  std::vector<float> gradient() { return {batch.gradient().begin(), batch.gradient().end()}; }
};

// Log-probabilities of a linear classifier, in double.
std::vector<double> log_probabilities(const MixedBatch& f, const float* image) {
  const auto offset = [&](const char* name) { return f.graph.layout().find(name)->slice.offset; };
  const float* kernel = f.parameters.data() + offset("logits/kernel");
  const float* bias = f.parameters.data() + offset("logits/bias");
  std::vector<double> logits;
  double sum = 0;
  for (std::size_t k = 0; k < kClasses; ++k) {
    double logit = static_cast<double>(bias[k]);
    for (std::size_t i = 0; i < kPixelCount; ++i) {
      logit += static_cast<double>(image[i]) * static_cast<double>(kernel[i * kClasses + k]);
    }
    logits.push_back(logit);
    sum += std::exp(logit);
  }
  for (double& logit : logits) logit -= std::log(sum);
  return logits;
}

// By the definition: -w[y] sum over k of ((1 - a) [k = y] + a / K) ln p[k].
double smoothed_loss(const std::vector<double>& logs, std::size_t label) {
  const double a = static_cast<double>(kSmoothing);
  double loss = -(1 - a) * logs[label];
  for (const double log : logs) loss -= a / static_cast<double>(kClasses) * log;
  return static_cast<double>(kWeights[label]) * loss;
}

TEST_CASE("loss and accuracy of a mixture are those of both labels by their shares") {
  MixedBatch f(kLinear);
  const BatchLoss loss = f.compute();
  double nll = 0, correct = 0;
  for (const std::uint32_t example : indices(10, 4)) {
    float image[kPixelCount];
    f.loader.fill_augmented(std::vector<std::uint32_t>{example}, 2, image);
    const std::vector<double> logs = log_probabilities(f, image);
    const Mixture mixture = f.loader.mixture(2, example);
    const auto share = static_cast<double>(mixture.share);
    const auto label = static_cast<std::size_t>(f.data.labels()[example]);
    const auto other = static_cast<std::size_t>(f.data.labels()[mixture.partner]);
    nll += share * smoothed_loss(logs, label) + (1 - share) * smoothed_loss(logs, other);
    const auto best =
        static_cast<std::size_t>(std::max_element(logs.begin(), logs.end()) - logs.begin());
    correct += (best == label ? share : 0) + (best == other ? 1 - share : 0);
  }
  CHECK(loss.nll == Approx(nll).epsilon(1e-5));
  CHECK(loss.correct == Approx(correct).epsilon(1e-6));
  CHECK(std::abs(correct - std::round(correct)) > 1e-3);  // some count in part
}

TEST_CASE("the gradient of a batch of mixtures with smoothed labels is that of its loss") {
  for (const std::string& model : {kLinear, kFlipout}) {
    MixedBatch f(model);
    f.compute();
    const std::vector<float> gradient = f.gradient();
    for (const Variable& variable : f.graph.layout().variables()) {
      for (std::size_t i = 0; i < variable.slice.size; ++i) {
        constexpr float kStep = 0x1p-9f;
        float& value = f.parameters.data()[variable.slice.offset + i];
        const float middle = value;
        value = middle + kStep;
        const double above = f.compute().nll / 10;
        value = middle - kStep;
        const double difference =
            (above - f.compute().nll / 10) / (2.0 * static_cast<double>(kStep));
        value = middle;
        CAPTURE(variable.name, i);
        CHECK(gradient[variable.slice.offset + i] == Approx(difference).epsilon(2e-3).margin(4e-4));
      }
    }
  }
}

TEST_CASE("batches of mixtures have the same bits on any number of threads") {
  MixedBatch single(kFlipout, 1);
  const BatchLoss expected = single.compute();
  for (const int threads : {2, 3, 5}) {
    MixedBatch f(kFlipout, threads);
    const BatchLoss loss = f.compute();
    CHECK((loss.nll == expected.nll && loss.correct == expected.correct));
    CHECK(same_bits(f.gradient(), single.gradient()));
  }
}

}  // namespace
}  // namespace bnn::testing
