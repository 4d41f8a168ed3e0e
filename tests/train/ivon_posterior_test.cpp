// IVON finds posteriors that are known in closed form.

#include <cmath>

#include <catch2/catch.hpp>

#include "bnn/train/ivon.h"
#include "support/exact_posterior.h"
#include "support/normal_likelihood.h"
#include "support/trainer_fixture.h"

using namespace bnn;
using namespace bnn::testing;

namespace {

// y = 3 x_1 - 2 x_2 + noise of variance 1; every point has one x alone, so that the posterior of
// the weights is independent.
struct Regression {
  RawImages raw;
  std::vector<float> y;
  double squares[2] = {0, 0};

  Regression() {
    for (int i = 0; i < 40; ++i) {
      const int which = i % 4 == 0 ? 1 : 0;
      const double x = 6 * i / 255.0;
      raw.pixels.push_back(static_cast<std::uint8_t>(which == 0 ? 6 * i : 0));
      raw.pixels.push_back(static_cast<std::uint8_t>(which == 1 ? 6 * i : 0));
      y.push_back(static_cast<float>((which == 0 ? 3 : -2) * x));
      squares[which] += x * x;
    }
  }
};

std::string model_with(const std::string& type) {
  // The second output, ln variance, is a frozen zero.
  return R"({"input": {"height": 1, "width": 2, "channels": 1}, "layers": [
      {"type": "flatten", "name": "x"},
      {"type": ")" +
         type + R"(", "name": "mean", "inputs": ["x"], "units": 1,
       "kernel_posterior_fn": {"untransformed_scale_initializer": {"type": "constant", "value": -2}},
       "kernel_prior_fn": {"loc": 1, "scale": 0.5}, "bias_posterior_fn": null},
      {"type": "dense", "name": "zero", "inputs": ["x"], "units": 1, "trainable": false,
       "kernel_initializer": "zeros"},
      {"type": "concatenate", "inputs": ["mean", "zero"]}]})";
}

}  // namespace

TEST_CASE("ivon finds the posterior of a linear regression with every estimator") {
  // w ~ Normal(1, 0.5). With KL weight λ, the posterior of w_k has precision
  // (sum x²) / λ + 1 / 0.5² and mean (c_k sum x² / λ + 1 / 0.5²) / precision.
  const double lambda = 0.5;
  for (const char* type :
       {"dense_flipout", "dense_reparameterization", "dense_local_reparameterization"}) {
    CAPTURE(type);
    Regression data;
    const Dataset images({1, 2, 1, false}, 1, std::move(data.raw), {{"points", data.y.size()}});
    const Graph graph = make_graph(model_with(type));
    const NormalLikelihood normal(1);
    const TrainingLoader loader(images, indices(40), plain_pixels(images.shape()), {}, 0);
    ThreadPool pool(2);
    TrainingSpec spec{.epochs = 3000, .batch_size = 40, .seed = 3, .shards = 4, .samples = 8};
    spec.schedule.kind = ScheduleSpec::Kind::cosine;
    spec.kl.weight = lambda;
    spec.optimizer = ivon_optimizer({.learning_rate = 0.1, .beta_2 = 0.998});
    spec.optimizer.require_fit(graph.layout(), spec);
    Trainer trainer(graph, normal, Targets(data.y, 1), spec, loader, pool);
    for (std::uint64_t step = 1; step <= spec.epochs; ++step) trainer.step(step, indices(40));
    const auto values = [&](const std::string& name) {
      const Slice slice = graph.layout().find(name)->slice;
      return trainer.parameters().span().subspan(slice.offset, slice.size);
    };
    const double slopes[] = {3, -2};
    for (std::size_t k = 0; k < 2; ++k) {
      const double precision = data.squares[k] / lambda + 4;
      const double mean = (slopes[k] * data.squares[k] / lambda + 4) / precision;
      CHECK(values("mean/kernel_posterior_loc")[k] == Approx(mean).epsilon(0.01));
      CHECK(exact_sigma(values("mean/kernel_posterior_untransformed_scale")[k]) ==
            Approx(1 / std::sqrt(precision)).epsilon(0.04));
    }
  }
}
