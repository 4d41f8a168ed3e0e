#include "bnn/core/elementary.h"

#include <cmath>
#include <numbers>

#include <catch2/catch.hpp>

using namespace bnn;

namespace {

double relative_error(double value, double exact) {
  return std::fabs(value - exact) / std::fabs(exact);
}

constexpr MultiplyAdd kSeparate = MultiplyAdd::separate, kFused = MultiplyAdd::fused;

}  // namespace

TEMPLATE_TEST_CASE_SIG("exp, log, softplus and sigmoid agree with the double functions", "",
                       ((MultiplyAdd kind), kind), kSeparate, kFused) {
  double worst_exp = 0, worst_log = 0, worst_softplus = 0, worst_sigmoid = 0;
  for (int i = -8600; i <= 8600; ++i) {
    const float x = static_cast<float>(i) * 0.01f + 0.003f;
    const double d = x;
    worst_exp = std::max(worst_exp, relative_error(fast_exp<kind>(x), std::exp(d)));
    const double exact_softplus = d > 0 ? d + std::log1p(std::exp(-d)) : std::log1p(std::exp(d));
    worst_softplus = std::max(worst_softplus, relative_error(softplus<kind>(x), exact_softplus));
    worst_sigmoid =
        std::max(worst_sigmoid, relative_error(sigmoid<kind>(x), 1 / (1 + std::exp(-d))));
    const float y = std::exp(x);
    worst_log =
        std::max(worst_log, std::fabs(fast_log<kind>(y) - std::log(static_cast<double>(y))) /
                                std::max(1e-3, std::fabs(std::log(static_cast<double>(y)))));
  }
  CHECK(worst_exp < 4e-7);
  CHECK(worst_log < 4e-7);
  CHECK(worst_softplus < 5e-7);
  CHECK(worst_sigmoid < 5e-7);
}

TEMPLATE_TEST_CASE_SIG("extreme arguments stay finite and positive", "", ((MultiplyAdd kind), kind),
                       kSeparate, kFused) {
  for (float x : {-1e30f, -1000.0f, -88.0f, 0.0f, 88.0f, 1000.0f, 1e30f}) {
    CHECK(std::isfinite(fast_exp<kind>(x)));
    CHECK(fast_exp<kind>(x) > 0.0f);
    CHECK(std::isfinite(softplus<kind>(x)));
    CHECK(softplus<kind>(x) > 0.0f);
    CHECK(sigmoid<kind>(x) >= 0.0f);
    CHECK(sigmoid<kind>(x) <= 1.0f);
  }
  CHECK(softplus<kind>(1000.0f) == 1000.0f);
}

TEMPLATE_TEST_CASE_SIG("sine and cosine of a turn agree with the double functions", "",
                       ((MultiplyAdd kind), kind), kSeparate, kFused) {
  double worst = 0;
  for (int i = 0; i <= 100000; ++i) {
    const float turns = static_cast<float>(i) * 1e-5f;
    const double angle = 2 * std::numbers::pi * static_cast<double>(turns);
    const SineCosine point = sine_cosine<kind>(turns);
    worst = std::max({worst, std::fabs(point.sine - std::sin(angle)),
                      std::fabs(point.cosine - std::cos(angle))});
  }
  CHECK(worst < 3e-7);
}
