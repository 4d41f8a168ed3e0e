#include "bnn/bayes/divergence.h"

#include <cmath>
#include <cstddef>
#include <numbers>
#include <vector>

#include <catch2/catch.hpp>

#include "support/exact_posterior.h"

using namespace bnn;

namespace {

using Kind = Prior::Kind;

PosteriorSpan<const float> span_of(const Posterior& q) { return {q.mu, q.u}; }

double kl_of(const Posterior& q, const Prior& prior = {}) {
  return divergence({}, span_of(q), prior, {}).kl;
}

Prior laplace(double loc, double scale) {
  return {.kind = Kind::laplace, .loc = loc, .scale = scale};
}

Prior tied(double scale) { return {.kind = Kind::tied_normal, .loc = 0.9, .scale = scale}; }

}  // namespace

TEST_CASE("the KL has the golden values of the default posterior") {
  CHECK(kl_of({{0.0f}, {-3.0f}}) == Approx(2.52557).epsilon(2e-6));
  CHECK(kl_of({{0.0f}, {0.0f}}) == Approx(0.10674).epsilon(5e-5));
  CHECK(kl_of({{7.0f}, {-3.0f}}, {.kind = Kind::tied_normal}) == Approx(2.52557).epsilon(2e-6));
  // Summed, not averaged: the 4800 weights of a 5 x 5 x 3 x 64 kernel with locations of ±0.1.
  Posterior q{std::vector<float>(4800), std::vector<float>(4800, -3.0f)};
  for (std::size_t i = 0; i < q.mu.size(); ++i) q.mu[i] = i % 2 == 0 ? 0.1f : -0.1f;
  CHECK(kl_of(q) == Approx(4800 * 2.53057).epsilon(3e-6));
  CHECK(kl_of({{}, {}}) == 0.0);
  CHECK(kl_of({{}, {}}, laplace(0, 1)) == 0.0);
}

TEST_CASE("the KL agrees with the closed form in double for any normal prior and length") {
  const std::vector<Prior> priors = {
      {}, {.loc = 0.3, .scale = 0.1}, {.loc = -2, .scale = 5}, tied(0.1), tied(5)};
  for (const Prior& prior : priors) {
    for (std::size_t size : {1u, 2u, 63u, 64u, 65u, 128u, 1000u}) {
      const Posterior q = random_posterior(size, static_cast<unsigned>(size));
      double exact = 0;
      for (std::size_t i = 0; i < size; ++i) exact += exact_normal_kl(q.mu[i], q.u[i], prior);
      CHECK(kl_of(q, prior) == Approx(exact).epsilon(2e-6));
    }
  }
}

TEST_CASE("the KL of a posterior equal to its prior is zero") {
  const double s = 0.25;
  const auto u = static_cast<float>(std::log(std::expm1(s)));
  CHECK(kl_of({{-0.75f}, {u}}, {.loc = -0.75, .scale = s}) == Approx(0.0).margin(1e-6));
  CHECK(kl_of({{3.0f}, {u}}, tied(s)) == Approx(0.0).margin(1e-6));
}

TEST_CASE("the closed forms agree with quadrature") {
  for (float mu : {-1.5f, -0.2f, 0.0f, 0.3f, 4.0f}) {
    for (float u : {-8.0f, -3.0f, -0.5f, 2.0f}) {
      for (double loc : {-0.2, 0.0, 1.0}) {
        for (double scale : {0.05, 1.0, 7.0}) {
          for (Kind kind : {Kind::normal, Kind::laplace, Kind::tied_normal}) {
            const Prior prior{.kind = kind, .loc = loc, .scale = scale};
            const double exact = quadrature_kl(mu, u, prior);
            CHECK(kl_of({{mu}, {u}}, prior) == Approx(exact).epsilon(2e-6).margin(2e-6));
          }
        }
      }
    }
  }
}

TEST_CASE("the Laplace divergence is a sum over the elements in double") {
  const Posterior q = random_posterior(100, 3);
  const Prior prior = laplace(0.1, 0.2);
  double sum = 0;
  for (std::size_t i = 0; i < 100; ++i) sum += kl_of({{q.mu[i]}, {q.u[i]}}, prior);
  CHECK(kl_of(q, prior) == Approx(sum).epsilon(1e-14));
}

TEST_CASE("a prior without a closed form gives no number and no gradient without draws") {
  for (const Prior& prior : some_priors()) {
    if (has_closed_form(prior.kind)) continue;
    std::vector<float> dmu = {1.0f}, du = {2.0f};
    const Posterior q{{0.1f}, {-1.0f}};
    CHECK(std::isnan(add_divergence_gradient({}, span_of(q), prior, {}, 1.0f, {dmu, du}).kl));
    CHECK(dmu[0] == 1.0f);
    CHECK(du[0] == 2.0f);
  }
}

TEST_CASE("extreme untransformed scales have the right divergence and gradient") {
  CHECK(kl_of({{0.0f}, {-1000.0f}}) == Approx(-0.5 - std::log(kEpsilon)).epsilon(1e-6));
  CHECK(kl_of({{0.0f}, {1000.0f}}) == Approx(0.5 * (1e6 - 1) - std::log(1000.0)).epsilon(1e-6));
  const Posterior q{std::vector<float>(5, 3.0f), {-1000.0f, -100.0f, -88.0f, 88.0f, 1000.0f}};
  std::vector<float> dmu(5, 0.0f), du(5, 0.0f);
  CHECK(std::isfinite(add_divergence_gradient({}, span_of(q), {}, {}, 1.0f, {dmu, du}).kl));
  for (std::size_t i = 0; i < 5; ++i) {
    CHECK(dmu[i] == 3.0f);
    CHECK(std::isfinite(du[i]));
  }
  CHECK(du[0] == Approx(0.0).margin(1e-6));
  CHECK(du[4] == Approx(1000.0 - 0.001));
}

TEST_CASE("very narrow and very wide priors have the right divergence") {
  const double mu = 0.1f, sigma = exact_sigma(-3);
  for (double s : {1e-15, 1e15}) {
    const Prior normal{.scale = s};
    CHECK(kl_of({{0.1f}, {-3.0f}}, normal) ==
          Approx(exact_normal_kl(mu, -3, normal)).epsilon(1e-5));
    const double constant = std::log(2.0) - 0.5 * (1 + std::log(2 * std::numbers::pi));
    // Nearly all of q is on one side of zero.
    CHECK(kl_of({{0.1f}, {-3.0f}}, laplace(0, s)) ==
          Approx(mu / s - std::log(sigma / s) + constant).epsilon(0.02));
  }
}

TEST_CASE("the normal divergence goes beyond the range of float") {
  const Prior prior{.loc = -1e6, .scale = 1e-15, .trainable = true};
  const Posterior q{{1e6f, 1e6f}, {0.0f, 0.0f}};
  const DivergenceSums sums = divergence({}, span_of(q), prior, {});
  CHECK(sums.kl == Approx(4e42).epsilon(1e-6));
  CHECK(sums.prior_loc_gradient == Approx(-4e36).epsilon(1e-6));
  CHECK(sums.prior_log_scale_gradient == Approx(-8e42).epsilon(1e-6));
  const Prior fixed{.loc = -1e6, .scale = 1e-15};
  CHECK(divergence({}, span_of(q), fixed, {}).prior_loc_gradient == 0.0);
  CHECK(divergence({}, span_of(q), fixed, {}).prior_log_scale_gradient == 0.0);
  // A tied prior gets there by its scale alone.
  CHECK(kl_of({{1e9f}, {1e6f}}, tied(1e-15)) ==
        Approx(exact_normal_kl(0, 1e6, tied(1e-15))).epsilon(1e-5));
}

TEST_CASE("far from a Laplace prior the divergence is the distance and the slope its sign") {
  std::vector<float> dmu = {0.0f}, du = {0.0f};
  const Posterior q{{-1e6f}, {-1000.0f}};
  const double kl =
      add_divergence_gradient({}, span_of(q), laplace(0, 0.5), {}, 1.0f, {dmu, du}).kl;
  CHECK(kl == Approx(2e6).epsilon(1e-5));
  CHECK(dmu[0] == -2.0f);
  CHECK(std::fabs(du[0]) < 1e-6f);
}
