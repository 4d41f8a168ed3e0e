#include "bnn/bayes/mean_field_normal.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include <catch2/catch.hpp>

#include "bnn/core/random.h"

using namespace bnn;

namespace {

constexpr double kEpsilon = 1.0 / 8388608;  // 2^-23

double exact_sigma(double u) {
  return kEpsilon + (u > 0 ? u + std::log1p(std::exp(-u)) : std::log1p(std::exp(u)));
}

double exact_kl(double mu, double u, const NormalPrior& prior) {
  const double sigma = exact_sigma(u), s = prior.scale;
  const double r = sigma * sigma / (s * s), distance = mu - prior.loc;
  return distance * distance / (2 * s * s) + 0.5 * (r - 1 - std::log(r));
}

struct Posterior {
  std::vector<float> mu, u;
};

Posterior random_posterior(std::size_t size, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  Posterior q{std::vector<float>(size), std::vector<float>(size)};
  for (float& value : q.mu) value = 0.5f * normal(random);
  for (float& value : q.u) value = -2.0f + 1.5f * normal(random);
  return q;
}

double kl_of(const std::vector<float>& mu, const std::vector<float>& u, NormalPrior prior = {}) {
  return kl_divergence(mu, u, prior);
}

}  // namespace

TEST_CASE("the scale is 2^-23 + softplus of the untransformed scale") {
  const std::vector<float> u = {-9, -7, -6.9073f, -5, -4, -3, -1.6094f, 0, 2, 40};
  const double softplus[] = {1.234e-4, 9.115e-4, 1e-3,    6.715e-3, 1.815e-2,
                             4.859e-2, 0.18232,  0.69315, 2.12693,  40};
  std::vector<float> sigma(u.size());
  perturb(u, std::vector<float>(u.size(), 1.0f), sigma);
  for (std::size_t i = 0; i < u.size(); ++i) {
    CHECK(sigma[i] == Approx(softplus[i]).epsilon(2e-3));
    CHECK(sigma[i] == Approx(exact_sigma(u[i])).epsilon(1e-6));
  }
  // Far below, only epsilon is left.
  perturb(std::vector<float>{-80.0f}, std::vector<float>{-1.0f}, std::span(sigma).first(1));
  CHECK(sigma[0] == -1.1920928955078125e-7f);
}

TEST_CASE("the KL has the golden values of the default posterior") {
  CHECK(kl_of({0.0f}, {-3.0f}) == Approx(2.52557).epsilon(2e-6));
  CHECK(kl_of({0.0f}, {0.0f}) == Approx(0.10674).epsilon(5e-5));
  // Summed, not averaged: the 4800 weights of a 5 x 5 x 3 x 64 kernel with locations of ±0.1.
  std::vector<float> mu(4800), u(4800, -3.0f);
  for (std::size_t i = 0; i < mu.size(); ++i) mu[i] = i % 2 == 0 ? 0.1f : -0.1f;
  CHECK(kl_of(mu, u) == Approx(4800 * 2.53057).epsilon(3e-6));
  CHECK(kl_of({}, {}) == 0.0);
}

TEST_CASE("the KL agrees with the closed form in double for any prior and length") {
  for (const NormalPrior& prior : {NormalPrior{0, 1}, NormalPrior{0.3, 0.1}, NormalPrior{-2, 5}}) {
    for (std::size_t size : {1u, 2u, 63u, 64u, 65u, 128u, 1000u}) {
      const Posterior q = random_posterior(size, static_cast<unsigned>(size));
      double exact = 0;
      for (std::size_t i = 0; i < size; ++i) exact += exact_kl(q.mu[i], q.u[i], prior);
      CHECK(kl_divergence(q.mu, q.u, prior) == Approx(exact).epsilon(2e-6));
    }
  }
}

TEST_CASE("the KL of a posterior equal to its prior is zero") {
  const double s = 0.25;
  const auto u = static_cast<float>(std::log(std::expm1(s)));
  CHECK(kl_of({-0.75f}, {u}, {-0.75, s}) == Approx(0.0).margin(1e-6));
}

TEST_CASE("the KL agrees with a Monte Carlo estimate from samples of the posterior") {
  constexpr std::size_t kSamples = 200000;
  const NormalPrior prior{0.2, 0.8};
  const float mu = -0.4f, u = -0.5f;
  std::vector<float> noise(kSamples), sample(kSamples);
  fill_normal({.seed = 3, .site = Site::weight_noise}, 0, noise);
  perturb(std::vector<float>(kSamples, u), noise, sample);
  const double sigma = std::log1p(std::exp(-0.5));
  double sum = 0, squares = 0;
  for (float perturbation : sample) {
    const double w = static_cast<double>(mu) + static_cast<double>(perturbation);
    const double q = (w - static_cast<double>(mu)) / sigma, p = (w - prior.loc) / prior.scale;
    const double log_ratio = 0.5 * (p * p - q * q) - std::log(sigma / prior.scale);
    sum += log_ratio;
    squares += log_ratio * log_ratio;
  }
  const double mean = sum / kSamples;
  const double error = std::sqrt((squares / kSamples - mean * mean) / kSamples);
  CHECK(error < 0.01);
  CHECK(std::fabs(kl_of({mu}, {u}, prior) - mean) < 5 * error);
}

TEST_CASE("the gradients of the KL match central differences of the double formula") {
  const double h = 1e-5;
  const float weight = 0.37f;
  for (const NormalPrior& prior : {NormalPrior{0, 1}, NormalPrior{0.5, 0.2}}) {
    const Posterior q = random_posterior(100, 5);
    std::vector<float> dmu(100, 0.5f), du(100, -0.25f);
    const double kl = add_kl_gradient(q.mu, q.u, prior, weight, dmu, du);
    CHECK(kl == kl_divergence(q.mu, q.u, prior));
    for (std::size_t i = 0; i < 100; ++i) {
      const double m = q.mu[i], v = q.u[i], w = weight;
      const double exact_dmu = (exact_kl(m + h, v, prior) - exact_kl(m - h, v, prior)) / (2 * h);
      const double exact_du = (exact_kl(m, v + h, prior) - exact_kl(m, v - h, prior)) / (2 * h);
      // Added to what is there.
      CHECK(dmu[i] == Approx(0.5 + w * exact_dmu).epsilon(1e-5).margin(1e-5));
      CHECK(du[i] == Approx(-0.25 + w * exact_du).epsilon(1e-5).margin(1e-5));
    }
  }
}

TEST_CASE("the gradient for the perturbation becomes that for the untransformed scale") {
  const double h = 1e-5;
  const Posterior q = random_posterior(200, 6);
  std::vector<float> noise(200), gradient(200);
  fill_normal({.seed = 4}, 0, noise);
  fill_normal({.seed = 5}, 0, gradient);
  const std::vector<float> perturbation_gradient = gradient;
  perturbation_gradient_to_scale(q.u, noise, gradient);
  for (std::size_t i = 0; i < 200; ++i) {
    const double u = q.u[i], e = noise[i];
    const double slope = (exact_sigma(u + h) - exact_sigma(u - h)) * e / (2 * h);
    CHECK(gradient[i] ==
          Approx(static_cast<double>(perturbation_gradient[i]) * slope).epsilon(1e-5).margin(1e-8));
  }
}

TEST_CASE("extreme untransformed scales stay finite and right") {
  const std::vector<float> u = {-1000.0f, -100.0f, -88.0f, 88.0f, 1000.0f};
  std::vector<float> sigma(5), dmu(5, 0.0f), du(5, 0.0f), gradient(5, 1.0f);
  perturb(u, std::vector<float>(5, 1.0f), sigma);
  CHECK(sigma[0] == Approx(kEpsilon));
  CHECK(sigma[4] == Approx(1000.0));
  CHECK(kl_of({0.0f}, {-1000.0f}) == Approx(-0.5 - std::log(kEpsilon)).epsilon(1e-6));
  CHECK(kl_of({0.0f}, {1000.0f}) == Approx(0.5 * (1e6 - 1) - std::log(1000.0)).epsilon(1e-6));
  CHECK(std::isfinite(add_kl_gradient(std::vector<float>(5, 3.0f), u, {}, 1.0f, dmu, du)));
  perturbation_gradient_to_scale(u, std::vector<float>(5, 1.0f), gradient);
  for (std::size_t i = 0; i < 5; ++i) {
    CHECK(dmu[i] == 3.0f);
    CHECK(std::isfinite(du[i]));
    CHECK(std::isfinite(gradient[i]));
  }
  CHECK(du[0] == Approx(0.0).margin(1e-6));
  CHECK(du[4] == Approx(1000.0 - 0.001));
  CHECK(gradient[0] == Approx(0.0).margin(1e-30));
  CHECK(gradient[4] == 1.0f);
}

TEST_CASE("very narrow and very wide priors stay finite and right") {
  for (const NormalPrior& prior : {NormalPrior{0, 1e-15}, NormalPrior{0, 1e15}}) {
    CHECK(kl_of({0.1f}, {-3.0f}, prior) ==
          Approx(exact_kl(static_cast<double>(0.1f), -3, prior)).epsilon(1e-5));
  }
}
