#include "bnn/bayes/prior.h"

#include <cmath>
#include <numbers>
#include <vector>

#include <catch2/catch.hpp>

#include "support/exact_posterior.h"

using namespace bnn;

namespace {

double log_density(const Prior& prior, double w) { return PriorDensity(prior).at(w).log_density; }
double score(const Prior& prior, double w) { return PriorDensity(prior).at(w).score; }

using Kind = Prior::Kind;

// The integral of p over all w = loc + sinh(t): t far enough for the heaviest tail here.
double total_probability(const Prior& prior) {
  constexpr double kWidth = 0.002;
  double sum = 0;
  for (int i = -150000; i <= 150000; ++i) {
    const double t = i * kWidth;
    const double log_dw_dt =
        std::fabs(t) - std::numbers::ln2 + std::log1p(std::exp(-2 * std::fabs(t)));
    sum += std::exp(log_density(prior, prior.loc + std::sinh(t)) + log_dw_dt);
  }
  return sum * kWidth;
}

Prior student(double df) { return {.kind = Kind::student_t, .loc = 0.5, .scale = 0.3, .df = df}; }

}  // namespace

TEST_CASE("normal, tied normal and Laplace priors have a closed divergence") {
  CHECK(has_closed_form(Kind::normal));
  CHECK(has_closed_form(Kind::tied_normal));
  CHECK(has_closed_form(Kind::laplace));
  CHECK_FALSE(has_closed_form(Kind::student_t));
  CHECK_FALSE(has_closed_form(Kind::scale_mixture_normal));
}

TEST_CASE("the densities of priors integrate to 1") {
  for (Prior prior : some_priors()) {
    if (prior.kind == Kind::tied_normal) prior.loc = 0;  // where the integral is centred
    CHECK(total_probability(prior) == Approx(1.0).margin(2e-6));
  }
  for (double df : {0.1, 1.0, 30.0, 1e6}) {
    CHECK(total_probability(student(df)) == Approx(1.0).margin(1e-6));
  }
}

TEST_CASE("the log densities of priors are those of the plain formulas") {
  std::vector<Prior> priors = some_priors();
  for (double df : {0.1, 0.7, 1.0, 2.0, 63.9, 64.1, 1000.0}) priors.push_back(student(df));
  for (const Prior& prior : priors) {
    for (double w : {-2.5, -0.31, -1e-3, 0.0, 0.02, 0.2, 1.7}) {
      CHECK(log_density(prior, w) ==
            Approx(exact_log_density(prior, w)).epsilon(1e-12).margin(1e-12));
    }
  }
}

TEST_CASE("Student's t has the density of Cauchy at one end and of the normal at the other") {
  const double x = 0.8, w = 0.5 + 0.3 * x;
  const double cauchy = -std::log(std::numbers::pi * 0.3 * (1 + x * x));
  CHECK(log_density(student(1), w) == Approx(cauchy).epsilon(1e-14));
  const Prior normal{.loc = 0.5, .scale = 0.3};
  // The first correction is (x⁴ - 2 x² - 1) / (4 df).
  const double correction = (x * x * x * x - 2 * x * x - 1) / 4e6;
  CHECK(log_density(student(1e6), w) - log_density(normal, w) ==
        Approx(correction).epsilon(1e-5).margin(1e-13));
}

TEST_CASE("the scores of priors match central differences of the log density") {
  const double h = 1e-5;
  std::vector<Prior> priors = some_priors();
  for (double df : {0.1, 1.0, 1e6}) priors.push_back(student(df));
  for (const Prior& prior : priors) {
    for (double w : {-30.0, -2.5, -0.31, -1e-3, 0.02, 0.21, 0.35, 1.7, 40.0}) {
      const double slope = (log_density(prior, w + h) - log_density(prior, w - h)) / (2 * h);
      CHECK(score(prior, w) == Approx(slope).epsilon(1e-6).margin(1e-6));
    }
  }
}

TEST_CASE("the score of a symmetric prior is zero at its centre") {
  for (const Prior& prior : some_priors()) {
    const bool shifted =
        prior.kind != Kind::tied_normal && prior.kind != Kind::scale_mixture_normal;
    CHECK(score(prior, shifted ? prior.loc : 0.0) == 0.0);
  }
}

TEST_CASE("a prior seen at many points is the same as at one") {
  for (const Prior& prior : some_priors()) {
    const PriorDensity density(prior);
    for (double w : {-1.0, 0.3, 5.0}) {
      CHECK(density.at(w).log_density == log_density(prior, w));
      CHECK(density.at(w).score == score(prior, w));
    }
  }
}

TEST_CASE("a mixture far out is its widest component, and close in its narrowest") {
  const Prior mixture{
      .kind = Kind::scale_mixture_normal, .probs = {0.9, 0.1}, .scales = {1e-15, 2}};
  const Prior wide{.scale = 2}, narrow{.scale = 1e-15};
  CHECK(log_density(mixture, 1e6) == Approx(std::log(0.1) + log_density(wide, 1e6)).epsilon(1e-14));
  CHECK(score(mixture, 1e6) == Approx(-1e6 / 4));
  CHECK(log_density(mixture, 1e-16) == Approx(std::log(0.9) + log_density(narrow, 1e-16)));
  CHECK(score(mixture, 1e-16) == Approx(-1e14));
}

TEST_CASE("a mixture of one component is a normal, whatever has no probability") {
  const Prior one{
      .kind = Kind::scale_mixture_normal, .probs = {0, 1, 0}, .scales = {1e15, 1e-15, 1}};
  const Prior normal{.scale = 1e-15};
  for (double w : {-1e6, 0.0, 3e-15, 1.0}) {
    CHECK(log_density(one, w) == Approx(log_density(normal, w)).epsilon(1e-14));
    CHECK(score(one, w) == Approx(score(normal, w)).epsilon(1e-14));
  }
}

TEST_CASE("priors stay finite at their extremes") {
  for (double scale : {1e-15, 1.0, 1e15}) {
    for (double df : {0.1, 1e6}) {
      for (const Prior& prior : some_priors()) {
        Prior extreme = prior;
        extreme.scale = scale;
        extreme.df = df;
        if (prior.kind == Kind::scale_mixture_normal) extreme.scales = {scale, 1e-15};
        for (double w : {-2e6, -1e-15, 0.0, 1e6}) {
          CHECK(std::isfinite(log_density(extreme, w)));
          CHECK(std::isfinite(score(extreme, w)));
        }
      }
    }
  }
}
