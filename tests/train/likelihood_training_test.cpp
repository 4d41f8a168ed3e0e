// Other likelihoods and targets than a classifier's labels, through layers, model, trainer and
// predictor.
#include <cmath>
#include <vector>

#include <catch2/catch.hpp>

#include "bnn/train/trainer.h"
#include "support/normal_likelihood.h"
#include "support/trainer_fixture.h"

using namespace bnn;
using namespace bnn::testing;

namespace {

const std::string kClassifier = R"({"input": {"height": 4, "width": 4, "channels": 2}, "layers": [
    {"type": "flatten"}, {"type": "dense_flipout", "name": "outputs", "units": 3}]})";
const std::string kLine = R"({"input": {"height": 1, "width": 1, "channels": 1}, "layers": [
    {"type": "flatten"}, {"type": "dense", "name": "line", "units": 2}]})";

// Points on both sides of a line: two at every x, one `kDistance` above y = kSlope x + kIntercept
// and one as much below. The most likely line is that one, and the variance kDistance² everywhere.
constexpr float kSlope = 2.0f, kIntercept = -0.5f, kDistance = 0.25f;

struct Points {
  Dataset images;
  std::vector<float> y;

  Points() {
    RawImages raw;
    for (int x = 0; x < 256; x += 5) {
      for (const float side : {-1.0f, 1.0f}) {
        raw.pixels.push_back(static_cast<std::uint8_t>(x));
        y.push_back(kSlope * static_cast<float>(x) / 255.0f + kIntercept + side * kDistance);
      }
    }
    images = Dataset({1, 1, 1, false}, 1, std::move(raw), {{"points", y.size()}});
  }
};

// The gradient of a batch for all parameters.
std::vector<float> gradient_of(const Targets& targets, double& nll) {
  TrainerFixture f(kClassifier, small_spec());
  BatchGradient batch(f.graph, f.likelihood, targets, small_spec(), f.loader, f.pool);
  const auto examples = indices(12, 5);
  nll = batch.compute(f.trainer.parameters().data(), 1, examples).nll;
  return {batch.gradient().begin(), batch.gradient().end()};
}

}  // namespace

TEST_CASE("a gradient with soft targets is the mean of the gradients with the labels they mix") {
  std::vector<int> first, second;
  std::vector<float> soft(30 * 3, 0.0f);
  for (std::size_t i = 0; i < 30; ++i) {
    first.push_back(static_cast<int>(i % 3));
    second.push_back(static_cast<int>(i / 3 % 3));
    soft[i * 3 + i % 3] += 0.75f;
    soft[i * 3 + i / 3 % 3] += 0.25f;
  }
  double nll[3];
  const auto a = gradient_of(Targets(first), nll[0]);
  const auto b = gradient_of(Targets(second), nll[1]);
  const auto mixed = gradient_of(Targets(soft, 3), nll[2]);
  CHECK(nll[2] == Approx(0.75 * nll[0] + 0.25 * nll[1]).epsilon(1e-6));
  for (std::size_t i = 0; i < mixed.size(); ++i) {
    CHECK(mixed[i] == Approx(0.75f * a[i] + 0.25f * b[i]).epsilon(1e-4).margin(1e-6));
  }
}

TEST_CASE("outputs and targets that the likelihood does not read are refused") {
  TrainerFixture f(kClassifier, small_spec());
  const auto message = [&](const Likelihood& likelihood, const Targets& targets) {
    return error_message(ErrorKind::internal, [&] {
      BatchGradient(f.graph, likelihood, targets, small_spec(), f.loader, f.pool);
    });
  };
  const std::vector<float> numbers(60);
  CHECK(message(NormalLikelihood(1), Targets(numbers, 1)) ==
        "the likelihood reads 2 outputs, but the network gives 3");
  CHECK(message(SoftmaxClassifier(3), Targets(numbers, 2)) ==
        "the targets are not of the likelihood's kind");
}

TEST_CASE("the gradient of a regression is that of its loss") {
  const Points points;
  const Graph graph = make_graph(kLine);
  const NormalLikelihood normal(1);
  const auto n = static_cast<std::uint32_t>(points.y.size());
  const TrainingLoader loader(points.images, indices(n), plain_pixels(points.images.shape()), {},
                              0);
  ThreadPool pool(2);
  const TrainingSpec spec{.batch_size = static_cast<int>(n), .shards = 4};
  BatchGradient batch(graph, normal, Targets(points.y, 1), spec, loader, pool);
  AlignedArray parameters(graph.layout().size());
  initialize_parameters(graph.layout(), 3, parameters);
  const auto mean_loss = [&] {
    return batch.compute(parameters.data(), 1, indices(n)).nll / static_cast<double>(n);
  };
  mean_loss();
  const std::vector<float> gradient(batch.gradient().begin(), batch.gradient().end());
  for (const Variable& variable : graph.layout().variables()) {
    for (std::size_t i = 0; i < variable.slice.size; ++i) {
      constexpr float kStep = 0x1p-8f;
      float& value = parameters.data()[variable.slice.offset + i];
      const float middle = value;
      value = middle + kStep;
      const double above = mean_loss();
      value = middle - kStep;
      const double difference = (above - mean_loss()) / (2.0 * kStep);
      value = middle;
      CHECK(gradient[variable.slice.offset + i] == Approx(difference).epsilon(1e-3).margin(1e-4));
    }
  }
}

TEST_CASE("a regression finds the line and the variance of its points") {
  const Points points;
  const Graph graph = make_graph(kLine);
  const NormalLikelihood normal(1);
  const auto n = static_cast<std::uint32_t>(points.y.size());
  const TrainingLoader loader(points.images, indices(n), plain_pixels(points.images.shape()), {},
                              0);
  ThreadPool pool(2);
  TrainingSpec spec{.batch_size = static_cast<int>(n), .shards = 4};
  spec.optimizer = adam_optimizer({.learning_rate = 0.02});
  Trainer trainer(graph, normal, Targets(points.y, 1), spec, loader, pool);
  StepStats stats;
  for (std::uint64_t step = 1; step <= 3000; ++step) stats = trainer.step(step, indices(n));
  const auto value = [&](const std::string& name, std::size_t i) {
    return trainer.parameters().data()[graph.layout().find(name)->slice.offset + i];
  };
  const float log_variance = 2 * std::log(kDistance);
  CHECK(value("line/kernel", 0) == Approx(kSlope).epsilon(1e-3));
  CHECK(value("line/bias", 0) == Approx(kIntercept).epsilon(1e-3));
  CHECK(value("line/kernel", 1) == Approx(0).margin(1e-3));
  CHECK(value("line/bias", 1) == Approx(log_variance).epsilon(1e-3));
  CHECK(stats.nll / n ==
        Approx((1 + static_cast<double>(log_variance) + std::log(2 * std::numbers::pi)) / 2)
            .margin(1e-4));
  CHECK(stats.correct == 0);  // nothing is right or wrong here
}
