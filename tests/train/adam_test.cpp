#include "bnn/train/adam.h"

#include <cmath>
#include <vector>

#include <catch2/catch.hpp>

#include "support/model_fixtures.h"
#include "support/optimizer_fixture.h"

using namespace bnn;
using namespace bnn::testing;

namespace {

struct State {
  std::vector<float> p, m, v;
};

void step(const AdamSpec& spec, std::uint64_t t, float gradient_scale, std::vector<float> gradient,
          State& state) {
  adam_update(adam_step(spec, spec.learning_rate, t), gradient_scale, gradient, state.p, state.m,
              state.v);
}

}  // namespace

TEST_CASE("three steps of adam give the numbers of Algorithm 1") {
  // Gradients 0.5, -0.2, 0.1 from p = 1, m = v = 0, with a = 0.1, b1 = 0.9, b2 = 0.999:
  // m1 = 0.05, m2 = 0.9 m1 - 0.02 = 0.025, m3 = 0.9 m2 + 0.01 = 0.0325;
  // v1 = 0.00025, v2 = 0.999 v1 + 0.00004 = 0.00028975, v3 = 0.999 v2 + 0.00001 = 0.00029946025.
  const AdamSpec spec{.learning_rate = 0.1, .beta_1 = 0.9, .beta_2 = 0.999, .epsilon = 1e-8};
  State state{{1.0f}, {0.0f}, {0.0f}};
  step(spec, 1, 1.0f, {0.5f}, state);
  CHECK(state.m[0] == Approx(0.05).epsilon(1e-6));
  CHECK(state.v[0] == Approx(0.00025).epsilon(1e-4));
  // The corrected moments of the first step are g and g².
  CHECK(state.p[0] == Approx(0.9).epsilon(1e-6));
  step(spec, 2, 1.0f, {-0.2f}, state);
  CHECK(state.m[0] == Approx(0.025).epsilon(1e-6));
  CHECK(state.v[0] == Approx(0.00028975).epsilon(1e-4));
  const double p2 = 0.9 - 0.1 * (0.025 / 0.19) / std::sqrt(0.00028975 / 0.001999);
  CHECK(state.p[0] == Approx(p2).epsilon(1e-5));
  step(spec, 3, 1.0f, {0.1f}, state);
  const double p3 = p2 - 0.1 * (0.0325 / 0.271) / std::sqrt(0.00029946025 / 0.002997001);
  CHECK(state.m[0] == Approx(0.0325).epsilon(1e-6));
  CHECK(state.v[0] == Approx(0.00029946025).epsilon(1e-4));
  CHECK(state.p[0] == Approx(p3).epsilon(1e-5));
}

TEST_CASE("epsilon stands outside the root and beside the corrected second moment") {
  // b1 = 0.8, b2 = 0.9, epsilon 0.5, gradients 0.5 and -0.2:
  // p1 = 1 - 0.1 * 0.5 / (0.5 + 0.5) = 0.95
  // m2 = 0.8 * 0.1 - 0.04 = 0.04, corrected by 0.36; v2 = 0.9 * 0.025 + 0.004 = 0.0265, by 0.19.
  const AdamSpec spec{.learning_rate = 0.1, .beta_1 = 0.8, .beta_2 = 0.9, .epsilon = 0.5};
  State state{{1.0f}, {0.0f}, {0.0f}};
  step(spec, 1, 1.0f, {0.5f}, state);
  CHECK(state.p[0] == Approx(0.95).epsilon(1e-6));
  step(spec, 2, 1.0f, {-0.2f}, state);
  CHECK(state.p[0] ==
        Approx(0.95 - 0.1 * (0.04 / 0.36) / (std::sqrt(0.0265 / 0.19) + 0.5)).epsilon(1e-6));
}

TEST_CASE("the first step has the learning rate's length, whatever the gradient's size") {
  const AdamSpec spec{.learning_rate = 0.25};
  State state{{1.0f, 1.0f, 1.0f}, {0, 0, 0}, {0, 0, 0}};
  step(spec, 1, 1.0f, {1e-3f, -40.0f, 0.0f}, state);
  CHECK(state.p[0] == Approx(0.75).epsilon(1e-4));
  CHECK(state.p[1] == Approx(1.25).epsilon(1e-6));
  CHECK(state.p[2] == 1.0f);
}

TEST_CASE("the gradient's scale is applied before the moments") {
  const AdamSpec spec{.learning_rate = 0.1, .epsilon = 0.1};
  State scaled{{1.0f, 2.0f}, {0.3f, 0.1f}, {0.2f, 0.4f}};
  State plain = scaled;
  step(spec, 5, 0.5f, {0.8f, -0.4f}, scaled);
  step(spec, 5, 1.0f, {0.4f, -0.2f}, plain);
  CHECK(scaled.p == plain.p);
  CHECK(scaled.m == plain.m);
  CHECK(scaled.v == plain.v);
}

TEST_CASE("the bias corrections fade after many steps") {
  const AdamStep late = adam_step({.learning_rate = 0.1}, 0.1, 1000000000);
  CHECK(late.step_size == 0.1f);
  CHECK(late.root_correction == 1.0f);
  const AdamStep first = adam_step({.learning_rate = 0.1}, 0.1, 1);
  CHECK(first.step_size == Approx(1.0));
  CHECK(first.root_correction == Approx(1 / std::sqrt(0.001)));
}

TEST_CASE("the learning rate of scales has a factor of its own") {
  OptimizerFixture plain(adam_optimizer({})), faster(adam_optimizer({}));
  faster.spec = adam_optimizer({.scale_learning_rate_factor = 8.0});
  faster.optimizer = faster.spec.make(faster.layout);
  const std::string scale = "a/kernel_posterior_untransformed_scale";
  const std::vector<float> before = plain.copy(scale);
  plain.draw_gradients(1, 1.0f);
  faster.draw_gradients(1, 1.0f);
  plain.step(1, 0.01);
  faster.step(1, 0.01);
  for (std::size_t i = 0; i < kSize; ++i) {
    const double moved = double{plain.value(scale)[i]} - double{before[i]};
    CHECK(std::fabs(moved) == Approx(0.01).epsilon(1e-3));
    CHECK(faster.value(scale)[i] == Approx(before[i] + 8.0 * moved).epsilon(1e-5));
  }
  for (const char* name : {"a/kernel_posterior_loc", "b/kernel", "b/bias", "c/gamma"}) {
    CHECK(same_bits(faster.value(name), plain.value(name)));
  }
}

TEST_CASE("the weight decay of adamw shrinks kernels before the step, and nothing else") {
  OptimizerFixture plain(adam_optimizer({})), decayed(adam_optimizer({.weight_decay = 0.5}));
  for (std::uint32_t t = 1; t <= 3; ++t) {
    std::copy(plain.parameters.span().begin(), plain.parameters.span().end(),
              decayed.parameters.data());
    const std::vector<float> before(plain.parameters.span().begin(), plain.parameters.span().end());
    plain.draw_gradients(t, 1.0f);
    decayed.draw_gradients(t, 1.0f);
    plain.step(t, 0.02);
    decayed.step(t, 0.02);
    for (const char* name : {"a/kernel_posterior_loc", "b/kernel"}) {
      const Slice slice = plain.layout.find(name)->slice;
      for (std::size_t i = slice.offset; i < slice.offset + slice.size; ++i) {
        const double expected = double{plain.parameters.data()[i]} - 0.02 * 0.5 * double{before[i]};
        CHECK(decayed.parameters.data()[i] == Approx(expected).epsilon(1e-5).margin(1e-7));
      }
    }
    for (const char* name : {"a/kernel_posterior_untransformed_scale", "b/bias", "c/gamma"}) {
      CHECK(same_bits(decayed.value(name), plain.value(name)));
    }
  }
}
