#include "bnn/bayes/mean_field_normal.h"

#include <cmath>
#include <vector>

#include <catch2/catch.hpp>

#include "bnn/core/random.h"
#include "support/exact_posterior.h"

using namespace bnn;

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

TEST_CASE("extreme untransformed scales give finite perturbations and gradients") {
  const std::vector<float> u = {-1000.0f, -100.0f, -88.0f, 88.0f, 1000.0f};
  std::vector<float> sigma(5), gradient(5, 1.0f);
  perturb(u, std::vector<float>(5, 1.0f), sigma);
  CHECK(sigma[0] == Approx(kEpsilon));
  CHECK(sigma[4] == Approx(1000.0));
  perturbation_gradient_to_scale(u, std::vector<float>(5, 1.0f), gradient);
  for (float slope : gradient) CHECK(std::isfinite(slope));
  CHECK(gradient[0] == Approx(0.0).margin(1e-30));
  CHECK(gradient[4] == 1.0f);
}

TEMPLATE_TEST_CASE_SIG("the untransformed scale of a float is the inverse of the scale", "",
                       ((MultiplyAdd kind), kind), MultiplyAdd::separate, MultiplyAdd::fused) {
  for (double s = 1e-6; s < 80; s *= 1.03) {
    const double sigma = s + kEpsilon;
    const double exact = s > 1 ? s + std::log1p(-std::exp(-s)) : std::log(std::expm1(s));
    const float u = fast_untransformed_scale<kind>(static_cast<float>(sigma));
    // Below 1e-5, the subtraction of 2^-23 leaves fewer digits.
    const double tolerance = s < 1e-5 ? 2e-6 : 6e-7;
    CHECK(u == Approx(exact).epsilon(tolerance).margin(5e-7));
    CHECK(exact_sigma(u) == Approx(sigma).epsilon(s < 1e-5 ? 1e-5 : 2e-6));
  }
  for (const float none : {0.0f, kScaleEpsilon, 1e-30f}) {
    CHECK(scale_of(fast_untransformed_scale<kind>(none)) == kScaleEpsilon);
  }
}
