// Tests of math/softmax, and none of control/untested.cpp: mutants of the first must not pass,
// mutants of the second must.

#include <array>
#include <cmath>
#include <cstdlib>

#include "bnn/math/softmax.h"

namespace {

bool is_near(double a, double b) { return std::abs(a - b) < 1e-5; }

const std::array<float, 3> kLogits = {0.5f, 2.0f, -1.0f};

double expected(std::size_t k) {
  double sum = 0;
  for (const float z : kLogits) sum += std::exp(static_cast<double>(z));
  return std::exp(static_cast<double>(kLogits[k])) / sum;
}

bool softmax_holds() {
  std::array<float, 3> p = {};
  bnn::softmax(kLogits, p);
  return is_near(p[0], expected(0)) && is_near(p[1], expected(1)) && is_near(p[2], expected(2));
}

bool cross_entropy_holds() {
  std::array<float, 3> gradient = {};
  const double loss = bnn::cross_entropy(kLogits, 1, 0.5f, gradient);
  return is_near(loss, -std::log(expected(1))) && is_near(gradient[0], 0.5 * expected(0)) &&
         is_near(gradient[1], 0.5 * (expected(1) - 1));
}

}  // namespace

int main() { return softmax_holds() && cross_entropy_holds() ? EXIT_SUCCESS : EXIT_FAILURE; }
