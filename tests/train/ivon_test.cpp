// Steps of IVON beside its formulas in double, and what it refuses. The formulas follow Algorithm 1
// of Shen et al. (2024), with h and sigma instead of h + d and the stored scale.

#include "bnn/train/ivon.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <catch2/catch.hpp>

#include "bnn/bayes/mean_field_normal.h"
#include "bnn/train/training_spec.h"
#include "support/exact_posterior.h"
#include "support/model_fixtures.h"
#include "support/optimizer_fixture.h"

using namespace bnn;
using namespace bnn::testing;

namespace {

const std::string kLoc = "a/kernel_posterior_loc",
                  kScale = "a/kernel_posterior_untransformed_scale";
constexpr double kPriorScale = 0.5;

// One element of the kernel.
struct NaiveIvon {
  double mu, h, m = 0.0;

  void step(const IvonSpec& spec, double ess, double beta_2, std::uint64_t t, double rate, double g,
            double sigma_gradient, double rest) {
    const double d = 1 / (ess * kPriorScale * kPriorScale);
    const double sigma = 1 / std::sqrt(ess * (h + d));
    const double f = sigma_gradient / sigma;
    m = spec.beta_1 * m + (1 - spec.beta_1) * g;
    h = beta_2 * h + (1 - beta_2) * f +
        0.5 * (1 - beta_2) * (1 - beta_2) * (h - f) * (h - f) / (h + d);
    const double first_sigma = exact_sigma(-3.0);
    const double factor = spec.rescale_learning_rate ? 1 / (ess * first_sigma * first_sigma) : 1.0;
    const double newton =
        (m / (1 - std::pow(spec.beta_1, static_cast<double>(t))) + rest) / (h + d);
    const double radius = spec.clip_radius.value_or(1e300);
    mu -= rate * factor * std::clamp(newton, -radius, radius);
  }
  double sigma(double ess) const {
    return 1 / std::sqrt(ess * (h + 1 / (ess * kPriorScale * kPriorScale)));
  }
};

void check_steps(const IvonSpec& spec) {
  OptimizerFixture f(ivon_optimizer(spec));
  const double ess = 1 / double{f.kl_scale};
  const double beta_2 = spec.beta_2.value_or(1 - 2.0 / 100);
  std::vector<NaiveIvon> naive;
  for (std::size_t i = 0; i < kSize; ++i) {
    const double sigma = exact_sigma(f.value(kScale)[i]);
    naive.push_back(
        {f.value(kLoc)[i], 1 / (ess * sigma * sigma) - 1 / (ess * kPriorScale * kPriorScale)});
  }
  std::vector<double> bias, bias_m(kSize, 0.0);
  for (const float x : f.value("b/bias")) bias.push_back(x);
  const double rates[] = {0.1, 0.3, 0.05, 0.2, 0.0, 0.1};
  for (std::uint32_t t = 1; t <= 6; ++t) {
    const double rate = rates[t - 1];
    f.draw_gradients(t, t == 4 ? 20.0f : 0.1f);
    f.step(t, rate);
    for (std::size_t i = 0; i < kSize; ++i) {
      naive[i].step(spec, ess, beta_2, t, rate, f.values(f.loss, kLoc)[i],
                    f.values(f.loss, kScale)[i], f.values(f.regularization, kLoc)[i]);
      CHECK(f.value(kLoc)[i] == Approx(naive[i].mu).epsilon(1e-5).margin(1e-6));
      CHECK(exact_sigma(f.value(kScale)[i]) == Approx(naive[i].sigma(ess)).epsilon(1e-5));
      const double g = f.values(f.loss, "b/bias")[i];
      bias_m[i] = spec.beta_1 * bias_m[i] + (1 - spec.beta_1) * g;
      bias[i] -= rate * (bias_m[i] / (1 - std::pow(spec.beta_1, t)) +
                         double{f.values(f.regularization, "b/bias")[i]});
      CHECK(f.value("b/bias")[i] == Approx(bias[i]).epsilon(1e-5).margin(1e-6));
    }
  }
}

std::string refusal(const std::string& layer, const TrainingSpec& training = {}) {
  const Graph graph = make_graph(
      R"({"input": {"height": 4, "width": 4, "channels": 2}, "layers": [
      {"type": "flatten"}, {"type": "dense_flipout", "name": "hidden/one", "units": 3}, )" +
      layer + "]}");
  return error_message(ErrorKind::config, [&] { require_ivon_fits(graph.layout(), training); });
}

bool holds(const std::string& text, const std::vector<std::string>& words) {
  return std::all_of(words.begin(), words.end(),
                     [&](const std::string& word) { return text.find(word) != std::string::npos; });
}

const std::string kBegin = R"({"type": "dense_flipout", "name": "top", "units": 3, )";

}  // namespace

TEST_CASE("steps of ivon equal the formulas in double") {
  check_steps({});
  check_steps({.beta_1 = 0.5, .beta_2 = 0.9});
  check_steps({.beta_2 = 0.5});
  check_steps({.clip_radius = 0.05});
  check_steps({.rescale_learning_rate = false});
}

TEST_CASE("ivon begins with the stored scales, and keeps them while the curvature is theirs") {
  OptimizerFixture f(ivon_optimizer({}));
  const std::vector<float> before = f.copy(kScale);
  for (std::size_t i = 0; i < kSize; ++i) {
    const double sigma = exact_sigma(before[i]), s = kPriorScale;
    const double h = double{f.kl_scale} * (1 / (sigma * sigma) - 1 / (s * s));
    f.values(f.loss, kScale)[i] = static_cast<float>(h * sigma);
  }
  for (std::uint64_t t = 1; t <= 5; ++t) f.step(t, 0.1);
  for (std::size_t i = 0; i < kSize; ++i) {
    CHECK(exact_sigma(f.value(kScale)[i]) == Approx(exact_sigma(before[i])).epsilon(2e-6));
  }
}

TEST_CASE("a posterior may begin wider than its prior") {
  OptimizerFixture f(ivon_optimizer({}));
  for (float& u : f.value(kScale)) u = untransformed_scale_of(2 * kPriorScale);
  for (std::uint64_t t = 1; t <= 400; ++t) f.step(t, 0.1);  // a loss without curvature
  for (const float u : f.value(kScale)) CHECK(exact_sigma(u) == Approx(kPriorScale).epsilon(1e-3));
}

TEST_CASE("scales stay positive and finite, however wild the gradients are") {
  for (const double beta_2 : {0.0, 0.5, 0.99, 0.99999}) {
    OptimizerFixture f(ivon_optimizer({.beta_2 = beta_2}));
    for (std::uint32_t t = 1; t <= 300; ++t) {
      f.draw_gradients(t, t % 2 == 0 ? 1e-6f : 1e4f);
      if (t % 3 == 0) f.values(f.loss, kScale)[0] = -1e5f;
      f.step(t, 0.0);
      for (std::size_t i = 0; i < kSize; ++i) {
        REQUIRE(f.values(f.optimizer->state()[0].values, kScale)[i] > 0.0f);
        REQUIRE(std::isfinite(f.value(kScale)[i]));
      }
    }
  }
}

TEST_CASE("the memory of the curvature is half of the planned steps") {
  CHECK(ivon_beta_2(1000) == Approx(0.998));
  CHECK(ivon_beta_2(39000) == Approx(1 - 2.0 / 39000));
  for (const std::uint64_t few : {0, 1, 2, 20}) CHECK(ivon_beta_2(few) == Approx(0.9));
  OptimizerFixture by_default(ivon_optimizer({})), given(ivon_optimizer({.beta_2 = 0.95}));
  by_default.planned_steps = 40;
  for (OptimizerFixture* f : {&by_default, &given}) {
    f->draw_gradients(1, 0.1f);
    f->step(1, 0.1);
  }
  CHECK(same_bits(by_default.parameters.span(), given.parameters.span()));
}

TEST_CASE("a curvature of a checkpoint that is not above 0 is refused") {
  for (const float bad : {0.0f, -1.0f, std::numeric_limits<float>::quiet_NaN()}) {
    OptimizerFixture f(ivon_optimizer({}));
    f.step(1, 0.1);
    OptimizerFixture resumed(ivon_optimizer({}));
    const auto stored = f.optimizer->state()[0].values.span();
    std::copy(stored.begin(), stored.end(), resumed.optimizer->state()[0].values.data());
    resumed.optimizer->check_state();
    resumed.values(resumed.optimizer->state()[0].values, kScale)[3] = bad;
    const std::string message =
        error_message(ErrorKind::checkpoint, [&] { resumed.optimizer->check_state(); });
    CHECK(holds(message, {"\"optimizer/estimate/a/kernel_posterior_untransformed_scale\"",
                          "value 3", "above 0"}));
  }
}

TEST_CASE("ivon names the layer and the key of what does not go with it") {
  const std::string plain = kBegin + R"("kernel_prior_fn": {"loc": 0.3, "scale": 0.2}})";
  CHECK(refusal(plain).find("ivon") == std::string::npos);  // nothing was thrown
  for (const char* prior :
       {R"({"type": "laplace"})", R"({"type": "tied_normal"})", R"({"trainable": true})", "null"}) {
    CHECK(holds(refusal(kBegin + R"("kernel_prior_fn": )" + prior + "}"),
                {"layer \"top\": kernel_prior_fn", "ivon"}));
  }
  const std::string draws = R"("kernel_divergence_fn": {"type": "monte_carlo"})";
  CHECK(holds(
      refusal(kBegin + R"("kernel_prior_fn": {"type": "student_t", "df": 3}, )" + draws + "}"),
      {"layer \"top\": kernel_prior_fn"}));
  CHECK(holds(refusal(kBegin + draws + "}"), {"layer \"top\": kernel_divergence_fn"}));
  CHECK(holds(refusal(kBegin + R"("kernel_divergence_fn": null})"),
              {"layer \"top\": kernel_prior_fn", "and a divergence from it"}));
  CHECK(holds(refusal(kBegin + R"("bias_posterior_fn": {"is_singular": false}})"),
              {"layer \"top\": bias_prior_fn"}));
  CHECK(holds(refusal(kBegin + R"("kernel_posterior_fn":
                      {"untransformed_scale_regularizer": {"l2": 0.1}}})"),
              {"layer \"top\": kernel_posterior_fn", "untransformed_scale_regularizer"}));
  CHECK(holds(refusal(kBegin + R"("kernel_posterior_fn":
                      {"untransformed_scale_constraint": "non_neg"}})"),
              {"layer \"top\": kernel_posterior_fn", "untransformed_scale_constraint"}));
  // What is not trained has no place in the formulas.
  CHECK(refusal(kBegin + R"("trainable": false, "kernel_prior_fn": null})").find("ivon") ==
        std::string::npos);
}

TEST_CASE("ivon names the keys of a training that does not go with it") {
  const std::string plain = kBegin + R"("activation": "linear"})";
  TrainingSpec zero, rising, clipped;
  zero.kl.weight = 0.0;
  rising.kl.annealing_epochs = 0.5;
  clipped.gradient_clip_norm = 10.0;
  CHECK(holds(refusal(plain, zero), {"/training/kl/weight", "ivon"}));
  CHECK(holds(refusal(plain, rising), {"/training/kl/annealing_epochs", "ivon"}));
  CHECK(holds(refusal(plain, clipped), {"/training/gradient_clip_norm", "clip_radius"}));
}
