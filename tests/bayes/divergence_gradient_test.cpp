#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "bnn/bayes/divergence.h"
#include "support/exact_posterior.h"

using namespace bnn;

namespace {

using Kind = Prior::Kind;

constexpr float kStep = 1.0f / 16384;  // 2^-14
constexpr Stream kStream{.seed = 11, .site = Site::weight_noise, .index = 2, .step = 3};

PosteriorSpan<const float> span_of(const Posterior& q) { return {q.mu, q.u}; }

// Variables on the grid of kStep, so that a step in float is exact, and scales far above it.
Posterior grid_posterior(std::size_t size, unsigned seed) {
  Posterior q = random_posterior(size, seed);
  for (float& value : q.mu) value = std::round(value / kStep) * kStep;
  for (float& value : q.u) value = std::round(std::fmax(value, -4.0f) / kStep) * kStep;
  return q;
}

// Divergence in double of one element whose noise is element i. The closed form of a normal prior
// is computed in floats, too coarse for differences, so the plain formula takes its place.
double smooth_kl(const Divergence& how, float mu, float u, const Prior& prior, std::size_t i) {
  const bool normal = prior.kind == Kind::normal || prior.kind == Kind::tied_normal;
  if (how.samples == 0 && normal) return exact_normal_kl(mu, u, prior);
  float scratch[1];
  const Posterior q{{mu}, {u}};
  return divergence(how, span_of(q), prior, {kStream, i, scratch}).kl;
}

double smooth_kl(const Divergence& how, const Posterior& q, const Prior& prior) {
  double sum = 0;
  for (std::size_t i = 0; i < q.mu.size(); ++i) sum += smooth_kl(how, q.mu[i], q.u[i], prior, i);
  return sum;
}

struct Case {
  Divergence how;
  Prior prior;
};

// Every prior by every way it has.
std::vector<Case> all_cases() {
  std::vector<Case> cases;
  for (const Prior& prior : some_priors()) {
    if (has_closed_form(prior.kind)) cases.push_back({{0}, prior});
    for (int samples : {1, 4}) cases.push_back({{samples}, prior});
  }
  return cases;
}

std::string name_of(const Case& c) {
  return "kind " + std::to_string(static_cast<int>(c.prior.kind)) + ", samples " +
         std::to_string(c.how.samples);
}

}  // namespace

TEST_CASE("the gradients of divergences match central differences with frozen noise") {
  constexpr std::size_t kSize = 100;
  const double h = kStep, weight = 0.375;
  for (const Case& c : all_cases()) {
    INFO(name_of(c));
    const Posterior q = grid_posterior(kSize, 5);
    std::vector<float> dmu(kSize, 0.5f), du(kSize, -0.25f), scratch(kSize);
    add_divergence_gradient(c.how, span_of(q), c.prior, {kStream, 0, scratch},
                            static_cast<float>(weight), {dmu, du});
    for (std::size_t i = 0; i < kSize; ++i) {
      const auto at = [&](float mu, float u) { return smooth_kl(c.how, mu, u, c.prior, i); };
      const float m = q.mu[i], v = q.u[i];
      const double exact_dmu = (at(m + kStep, v) - at(m - kStep, v)) / (2 * h);
      const double exact_du = (at(m, v + kStep) - at(m, v - kStep)) / (2 * h);
      // Added to what is there.
      CHECK(dmu[i] == Approx(0.5 + weight * exact_dmu).epsilon(1e-5).margin(1e-5));
      CHECK(du[i] == Approx(-0.25 + weight * exact_du).epsilon(1e-5).margin(1e-5));
    }
  }
}

TEST_CASE("the gradients for the variables of a prior match central differences") {
  constexpr std::size_t kSize = 70;
  const double h = 1e-5;
  const Posterior q = grid_posterior(kSize, 6);
  const Prior prior{.loc = -0.2, .scale = 0.4, .trainable = true};
  for (int samples : {0, 1, 4}) {
    const Divergence how{samples};
    std::vector<float> scratch(kSize), dmu(kSize), du(kSize);
    const auto at = [&](double dloc, double dlog_scale) {
      Prior moved = prior;
      moved.loc += dloc;
      moved.scale *= std::exp(dlog_scale);
      return smooth_kl(how, q, moved);
    };
    const double dloc = (at(h, 0) - at(-h, 0)) / (2 * h);
    const double dlog_scale = (at(0, h) - at(0, -h)) / (2 * h);
    const DivergenceNoise noise{kStream, 0, scratch};
    const DivergenceSums sums = divergence(how, span_of(q), prior, noise);
    CHECK(sums.prior_loc_gradient == Approx(dloc).epsilon(1e-6));
    CHECK(sums.prior_log_scale_gradient == Approx(dlog_scale).epsilon(1e-6));
    // The weight is for the gradient of the posterior alone.
    const auto weighted = add_divergence_gradient(how, span_of(q), prior, noise, 0.5f, {dmu, du});
    CHECK(weighted.prior_loc_gradient == sums.prior_loc_gradient);
    CHECK(weighted.prior_log_scale_gradient == sums.prior_log_scale_gradient);
  }
}

TEST_CASE("only a trainable normal prior has gradients for its variables") {
  const Posterior q = grid_posterior(10, 7);
  std::vector<float> scratch(10);
  for (const Case& c : all_cases()) {
    const bool trains = c.prior.trainable;
    for (bool flag : {false, true}) {
      Prior prior = c.prior;
      prior.trainable = flag && (trains || prior.kind != Kind::normal);
      const DivergenceSums sums = divergence(c.how, span_of(q), prior, {kStream, 0, scratch});
      CHECK((sums.prior_loc_gradient != 0.0) == (trains && flag));
      CHECK((sums.prior_log_scale_gradient != 0.0) == (trains && flag));
    }
  }
}

TEST_CASE("the divergence is the same number with and without its gradient") {
  const Posterior q = grid_posterior(200, 8);
  std::vector<float> scratch(200), dmu(200), du(200);
  for (const Case& c : all_cases()) {
    const DivergenceNoise noise{kStream, 0, scratch};
    const double kl = divergence(c.how, span_of(q), c.prior, noise).kl;
    CHECK(add_divergence_gradient(c.how, span_of(q), c.prior, noise, 2.0f, {dmu, du}).kl == kl);
  }
}

TEST_CASE("training a prior changes no bit of the divergence and its gradient") {
  const Posterior q = random_posterior(200, 9);
  Prior prior{.loc = 0.25, .scale = 0.5};
  std::vector<float> dmu(200), du(200), trained_dmu(200), trained_du(200);
  const double kl = add_divergence_gradient({}, span_of(q), prior, {}, 0.5f, {dmu, du}).kl;
  prior.trainable = true;
  CHECK(add_divergence_gradient({}, span_of(q), prior, {}, 0.5f, {trained_dmu, trained_du}).kl ==
        kl);
  CHECK(trained_dmu == dmu);
  CHECK(trained_du == du);
}

TEST_CASE("a tied prior leaves the means alone") {
  const Posterior q = random_posterior(100, 10);
  const Prior prior{.kind = Kind::tied_normal, .loc = 0.9, .scale = 0.2};
  for (int samples : {0, 2}) {
    std::vector<float> dmu(100, 0.125f), du(100), scratch(100);
    add_divergence_gradient({samples}, span_of(q), prior, {kStream, 0, scratch}, 1.0f, {dmu, du});
    CHECK(dmu == std::vector<float>(100, 0.125f));
  }
}

TEST_CASE("divergences and their gradients stay finite at the extremes") {
  const Posterior q{{-1e6f, -1e6f, 0.0f, 0.0f, 1e6f, 1e6f, 1e6f},
                    {-1000.0f, 1000.0f, -88.0f, 88.0f, -1000.0f, 0.0f, 1000.0f}};
  std::vector<float> scratch(7);
  for (const Case& c : all_cases()) {
    for (double scale : {1e-15, 1.0, 1e15}) {
      for (double df : {0.1, 1e6}) {
        INFO(name_of(c) << ", scale " << scale << ", df " << df);
        Prior prior = c.prior;
        prior.scale = scale;
        prior.df = df;
        prior.loc = prior.kind == Kind::laplace ? 1e6 : -1e6;
        if (prior.kind == Kind::scale_mixture_normal) prior.scales = {scale, 1e-15};
        std::vector<float> dmu(7), du(7);
        const auto sums = add_divergence_gradient(c.how, span_of(q), prior, {kStream, 0, scratch},
                                                  1.0f, {dmu, du});
        CHECK(std::isfinite(sums.kl));
        CHECK(std::isfinite(sums.prior_loc_gradient));
        CHECK(std::isfinite(sums.prior_log_scale_gradient));
        for (float slope : dmu) CHECK(std::isfinite(slope));
        for (float slope : du) CHECK(std::isfinite(slope));
      }
    }
  }
}
