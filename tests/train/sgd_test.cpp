#include "bnn/train/sgd.h"

#include <catch2/catch.hpp>

#include "support/optimizer_fixture.h"

using namespace bnn;
using namespace bnn::testing;

namespace {

const std::vector<std::string> kAllVariables = {"a/kernel_posterior_loc",
                                                "a/kernel_posterior_untransformed_scale",
                                                "b/kernel", "b/bias", "c/gamma"};

}  // namespace

TEST_CASE("steps of sgd are those of Keras, whatever the rate does") {
  for (const bool nesterov : {false, true}) {
    CAPTURE(nesterov);
    const double momentum = 0.8, factor = 3.0;
    OptimizerFixture f(sgd_optimizer({0.1, momentum, nesterov, factor}));
    std::vector<double> p(f.parameters.span().begin(), f.parameters.span().end());
    std::vector<double> v(p.size(), 0.0);
    const double rates[] = {0.1, 0.05, 0.3, 0.0, 0.01};
    for (std::uint32_t t = 1; t <= 5; ++t) {
      f.draw_gradients(t, 0.7f);
      const float clip = t == 3 ? 0.25f : 1.0f;
      f.step(t, rates[t - 1], clip);
      for (const std::string& name : kAllVariables) {
        const Slice slice = f.layout.find(name)->slice;
        const double rate = rates[t - 1] * (name.ends_with("untransformed_scale") ? factor : 1.0);
        for (std::size_t i = slice.offset; i < slice.offset + slice.size; ++i) {
          const double g = double{f.loss.data()[i]} * double{clip};
          v[i] = momentum * v[i] - rate * g;
          p[i] += nesterov ? momentum * v[i] - rate * g : v[i];
          CHECK(f.parameters.data()[i] == Approx(p[i]).epsilon(1e-5).margin(1e-6));
          CHECK(f.optimizer->state()[0].values.data()[i] ==
                Approx(v[i]).epsilon(1e-5).margin(1e-6));
        }
      }
    }
  }
}

TEST_CASE("without momentum, sgd is plain descent") {
  OptimizerFixture f(sgd_optimizer({}));
  f.draw_gradients(1, 1.0f);
  const std::vector<float> before = f.copy("b/bias");
  f.step(1, 0.5);
  for (std::size_t i = 0; i < kSize; ++i) {
    CHECK(f.value("b/bias")[i] == Approx(before[i] - 0.5 * f.values(f.loss, "b/bias")[i]));
  }
}
