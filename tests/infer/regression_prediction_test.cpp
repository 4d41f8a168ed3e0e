// The posterior predictive of a regression: the predictor knows no classes.
#include <cmath>
#include <vector>

#include <catch2/catch.hpp>

#include "bnn/bayes/mean_field_normal.h"
#include "bnn/infer/predictor.h"
#include "support/model_fixtures.h"
#include "support/normal_likelihood.h"

using namespace bnn;
using namespace bnn::testing;

TEST_CASE("the predictive mean and variance of a linear regression are those in closed form") {
  // y = w x + b + e, w ~ Normal(kMean, kSigma²), e ~ Normal(0, kNoise²): the mean of y is
  // kMean x + b, its variance kSigma² x² + kNoise².
  constexpr double kMean = 1.5, kSigma = 0.5, kOffset = -0.25, kNoise = 0.3;
  constexpr std::uint32_t kExamples = 20;
  constexpr int kSamples = 20000;
  const Graph graph = make_graph(R"({"input": {"height": 1, "width": 1, "channels": 1}, "layers": [
      {"type": "flatten"}, {"type": "dense_flipout", "name": "line", "units": 2}]})");
  AlignedArray parameters(graph.layout().size());
  const auto set = [&](const std::string& name, double first, double second) {
    const Slice slice = graph.layout().find(name)->slice;
    parameters.data()[slice.offset] = static_cast<float>(first);
    parameters.data()[slice.offset + 1] = static_cast<float>(second);
  };
  set("line/kernel_posterior_loc", kMean, 0.0);
  set("line/kernel_posterior_untransformed_scale",
      static_cast<double>(untransformed_scale_of(kSigma)), -100.0);
  set("line/bias_posterior_loc", kOffset, 2 * std::log(kNoise));

  const Dataset data = random_dataset({1, 1, 1, false}, 1, kExamples, 7);
  const Standardizer standardizer(plain_pixels(data.shape()));
  ThreadPool pool(2);
  const NormalLikelihood normal(1);
  Predictor predictor(graph, normal, parameters, {.samples = kSamples, .seed = 2}, pool);
  std::uint32_t seen = 0;
  predictor.predict(data, standardizer, indices(kExamples), [&](const PredictedBlock& block) {
    REQUIRE(block.width == 2);
    REQUIRE(block.predictions.size() == block.passes * block.examples.size() * 2);
    for (std::size_t i = 0; i < block.examples.size(); ++i, ++seen) {
      double mean = 0, square = 0, noise = 0;
      for (std::size_t s = 0; s < block.passes; ++s) {
        const float* p = block.predictions.data() + (s * block.examples.size() + i) * 2;
        mean += static_cast<double>(p[0]) / kSamples;
        square += static_cast<double>(p[0]) * static_cast<double>(p[0]) / kSamples;
        noise += static_cast<double>(p[1]) / kSamples;
      }
      const double x = data.image(block.examples[i])[0] / 255.0;
      const double spread = kSigma * kSigma * x * x;
      // Six standard errors of the mean and of the variance of so many samples.
      CHECK(mean ==
            Approx(kMean * x + kOffset).margin(6 * kSigma * x / std::sqrt(kSamples) + 1e-6));
      CHECK(square - mean * mean ==
            Approx(spread).margin(6 * spread * std::sqrt(2.0 / kSamples) + 1e-6));
      CHECK(noise == Approx(kNoise * kNoise).epsilon(1e-5));
    }
  });
  CHECK(seen == kExamples);
}
