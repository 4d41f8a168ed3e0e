#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <catch2/catch.hpp>

#include "bnn/bayes/divergence.h"
#include "support/exact_posterior.h"

using namespace bnn;

namespace {

constexpr Stream kStream{.seed = 21, .site = Site::weight_noise, .index = 1, .step = 5};

PosteriorSpan<const float> span_of(const Posterior& q) { return {q.mu, q.u}; }

// The KL and its derivatives for mu, u, the prior's loc and the logarithm of its scale.
using Estimate = std::array<double, 5>;

// From the draw that is element i of the stream.
Estimate one_draw(const Posterior& q, const Prior& prior, std::size_t i) {
  std::vector<float> dmu(1), du(1), scratch(1);
  const DivergenceSums sums =
      add_divergence_gradient({1}, span_of(q), prior, {kStream, i, scratch}, 1.0f, {dmu, du});
  return {sums.kl, dmu[0], du[0], sums.prior_loc_gradient, sums.prior_log_scale_gradient};
}

// By quadrature and central differences of it.
Estimate exact_values(double mu, double u, const Prior& prior) {
  const double h = 1e-4;
  const auto at = [&](double dmu, double du, double dloc, double dlog_scale) {
    Prior moved = prior;
    moved.loc += dloc;
    moved.scale *= std::exp(dlog_scale);
    return quadrature_kl(mu + dmu, u + du, moved);
  };
  const auto slope = [&](double a, double b, double c, double d) {
    return (at(a, b, c, d) - at(-a, -b, -c, -d)) / (2 * h);
  };
  return {at(0, 0, 0, 0), slope(h, 0, 0, 0), slope(0, h, 0, 0),
          prior.trainable ? slope(0, 0, h, 0) : 0.0, prior.trainable ? slope(0, 0, 0, h) : 0.0};
}

// The estimate by the plain formula, from the noise as the header names it.
double plain_kl(int samples, const Posterior& q, const Prior& prior, std::size_t first) {
  std::vector<float> noise(q.mu.size());
  double sum = 0;
  for (int j = 0; j < samples; ++j) {
    Stream stream = kStream;
    stream.example = static_cast<std::uint32_t>(j);
    fill_normal(stream, first, noise);
    for (std::size_t i = 0; i < noise.size(); ++i) {
      sum += exact_log_ratio(q.mu[i], q.u[i], noise[i], prior);
    }
  }
  return sum / samples;
}

}  // namespace

TEST_CASE("the Monte Carlo divergence is the mean over the named draws") {
  for (const Prior& prior : some_priors()) {
    for (int samples : {1, 2, 5}) {
      for (std::size_t first : {0u, 3u, 1000u}) {
        const Posterior q = random_posterior(33, 4);
        std::vector<float> scratch(33);
        CHECK(divergence({samples}, span_of(q), prior, {kStream, first, scratch}).kl ==
              Approx(plain_kl(samples, q, prior, first)).epsilon(1e-10));
      }
    }
  }
}

TEST_CASE("Monte Carlo is unbiased, and so are its gradients") {
  constexpr std::size_t kDraws = 40000;
  const Posterior q{{0.4f}, {-0.8f}};
  for (const Prior& prior : some_priors()) {
    Estimate sum{}, squares{};
    for (std::size_t i = 0; i < kDraws; ++i) {
      const Estimate draw = one_draw(q, prior, i);
      for (std::size_t k = 0; k < draw.size(); ++k) {
        sum[k] += draw[k];
        squares[k] += draw[k] * draw[k];
      }
    }
    const Estimate exact = exact_values(q.mu[0], q.u[0], prior);
    for (std::size_t k = 0; k < exact.size(); ++k) {
      INFO("kind " << static_cast<int>(prior.kind) << ", value " << k);
      const double mean = sum[k] / kDraws, variance = squares[k] / kDraws - mean * mean;
      const double error = std::sqrt(std::fmax(variance, 0.0) / kDraws);
      CHECK(error < 0.1);
      CHECK(std::fabs(mean - exact[k]) <= 5 * error + 1e-6);
    }
  }
}

TEST_CASE("Monte Carlo and the closed form of one prior agree") {
  const Posterior q{std::vector<float>(50000, 0.4f), std::vector<float>(50000, -0.8f)};
  std::vector<float> scratch(50000);
  for (const Prior& prior : some_priors()) {
    if (!has_closed_form(prior.kind)) continue;
    const double closed = divergence({}, span_of(q), prior, {}).kl;
    CHECK(divergence({4}, span_of(q), prior, {kStream, 0, scratch}).kl ==
          Approx(closed).epsilon(0.02));
  }
}

TEST_CASE("parts of a tensor get the numbers of the whole") {
  constexpr std::size_t kSize = 101;
  const Posterior q = random_posterior(kSize, 12);
  std::vector<float> scratch(kSize);
  for (const Prior& prior : some_priors()) {
    std::vector<float> dmu(kSize), du(kSize), part_dmu(kSize), part_du(kSize);
    const DivergenceSums whole =
        add_divergence_gradient({3}, span_of(q), prior, {kStream, 50, scratch}, 0.5f, {dmu, du});
    DivergenceSums parts;
    for (std::size_t first = 0; first < kSize; first += 30) {
      const std::size_t size = std::min<std::size_t>(30, kSize - first);
      const auto part = [&](auto& values) { return std::span(values).subspan(first, size); };
      const DivergenceSums sums = add_divergence_gradient({3}, {part(q.mu), part(q.u)}, prior,
                                                          {kStream, 50 + first, part(scratch)},
                                                          0.5f, {part(part_dmu), part(part_du)});
      parts.kl += sums.kl;
      parts.prior_loc_gradient += sums.prior_loc_gradient;
      parts.prior_log_scale_gradient += sums.prior_log_scale_gradient;
    }
    CHECK(part_dmu == dmu);
    CHECK(part_du == du);
    CHECK(parts.kl == Approx(whole.kl).epsilon(1e-13));
    CHECK(parts.prior_loc_gradient == Approx(whole.prior_loc_gradient).epsilon(1e-12));
    CHECK(parts.prior_log_scale_gradient == Approx(whole.prior_log_scale_gradient).epsilon(1e-12));
  }
}

TEST_CASE("the noise of a divergence follows every part of its name") {
  const Posterior q = random_posterior(8, 13);
  std::vector<float> scratch(8);
  const Prior prior{.scale = 0.5};
  const auto kl = [&](const Stream& stream) {
    return divergence({2}, span_of(q), prior, {stream, 0, scratch}).kl;
  };
  const double here = kl(kStream);
  Stream other = kStream;
  other.seed += 1;
  CHECK(kl(other) != here);
  other = kStream;
  other.site = Site::predict_noise;
  CHECK(kl(other) != here);
  other = kStream;
  other.index += 1;
  CHECK(kl(other) != here);
  other = kStream;
  other.step += 1;
  CHECK(kl(other) != here);
  other = kStream;
  other.example = 9;  // the draw's number takes its place
  CHECK(kl(other) == here);
}

TEST_CASE("scratch may be longer than the part") {
  const Posterior q = random_posterior(8, 14);
  std::vector<float> exact(8), longer(20);
  const Prior prior{.scale = 0.5};
  CHECK(divergence({2}, span_of(q), prior, {kStream, 0, longer}).kl ==
        divergence({2}, span_of(q), prior, {kStream, 0, exact}).kl);
}
