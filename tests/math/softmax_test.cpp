#include "bnn/math/softmax.h"

#include <cmath>
#include <limits>
#include <vector>

#include <catch2/catch.hpp>

using namespace bnn;

namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

std::vector<float> softmax_of(const std::vector<float>& logits) {
  std::vector<float> probabilities(logits.size(), 5.0f);
  softmax(logits, probabilities);
  return probabilities;
}

double nll_of(const std::vector<float>& logits, int label) {
  std::vector<float> gradient(logits.size());
  return cross_entropy(logits, label, 1.0f, gradient);
}

}  // namespace

TEST_CASE("softmax gives the shares of the exponentials") {
  // e^0, e^ln 2 and e^ln 5 are 1, 2 and 5 of 8.
  const auto p = softmax_of({0.0f, std::log(2.0f), std::log(5.0f)});
  CHECK(p[0] == Approx(0.125));
  CHECK(p[1] == Approx(0.25));
  CHECK(p[2] == Approx(0.625));
  CHECK(softmax_of({-3.0f}) == std::vector<float>{1.0f});
}

TEST_CASE("softmax does not overflow, and depends on differences alone") {
  const auto p = softmax_of({10000.0f, 10000.0f + std::log(4.0f), -1e30f});
  CHECK(p[0] == Approx(0.2).epsilon(1e-3));
  CHECK(p[1] == Approx(0.8).epsilon(1e-3));
  CHECK(p[2] == 0.0f);
  CHECK(softmax_of({-1e38f, -1e38f}) == std::vector<float>{0.5f, 0.5f});
}

TEST_CASE("the cross-entropy is the negative logarithm of the label's share, in double") {
  CHECK(nll_of({0.0f, 0.0f, 0.0f, 0.0f}, 2) == Approx(std::log(4.0)));
  CHECK(nll_of({1.0f, 3.0f}, 0) == Approx(std::log1p(std::exp(2.0))).epsilon(1e-7));
  CHECK(nll_of({1.0f, 3.0f}, 1) == Approx(std::log1p(std::exp(-2.0))).epsilon(1e-6));
  CHECK(nll_of({7.0f}, 0) == 0.0);
  // Where the label's probability underflows, its logarithm does not.
  CHECK(nll_of({0.0f, 500.0f}, 0) == Approx(500.0));
  CHECK(nll_of({-1e30f, 1e30f}, 0) == Approx(2e30));
  CHECK(nll_of({0.0f, 500.0f}, 1) == 0.0);
}

TEST_CASE("the gradient is the scaled difference of softmax and label") {
  const std::vector<float> logits = {0.3f, -1.1f, 2.0f, 0.0f};
  double sum = 0;
  for (float z : logits) sum += std::exp(static_cast<double>(z));
  std::vector<float> gradient(4);
  cross_entropy(logits, 1, 0.25f, gradient);
  for (std::size_t k = 0; k < 4; ++k) {
    const double p = std::exp(static_cast<double>(logits[k])) / sum;
    CHECK(gradient[k] == Approx(0.25 * (p - (k == 1 ? 1.0 : 0.0))).epsilon(1e-5));
  }
}

TEST_CASE("the gradient matches central differences of the loss") {
  const std::vector<float> logits = {0.5f, -0.25f, 1.5f};
  std::vector<float> gradient(3);
  cross_entropy(logits, 2, 1.0f, gradient);
  for (std::size_t k = 0; k < 3; ++k) {
    auto up = logits, down = logits;
    up[k] += 0.0078125f;
    down[k] -= 0.0078125f;
    CHECK(gradient[k] == Approx((nll_of(up, 2) - nll_of(down, 2)) / 0.015625).margin(2e-5));
  }
}

TEST_CASE("a logit that is not a number is never hidden") {
  for (std::size_t place = 0; place < 3; ++place) {
    std::vector<float> logits = {1.0f, 2.0f, 3.0f};
    logits[place] = kNaN;
    for (int label = 0; label < 3; ++label) CHECK(std::isnan(nll_of(logits, label)));
    for (float p : softmax_of(logits)) CHECK(std::isnan(p));
  }
  CHECK(!std::isfinite(nll_of({kInfinity, 0.0f}, 0)));
  CHECK(!std::isfinite(nll_of({kInfinity, 0.0f}, 1)));
}
