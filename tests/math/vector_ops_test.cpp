#include "bnn/math/vector_ops.h"

#include <vector>

#include <catch2/catch.hpp>

TEST_CASE("a sum of terms has every term once, whatever their number") {
  for (const std::size_t size : {0u, 1u, 15u, 16u, 17u, 31u, 32u, 100u}) {
    INFO(size << " terms");
    std::vector<std::size_t> asked;
    const double sum = bnn::sum_terms(size, [&](std::size_t i) {
      asked.push_back(i);
      return static_cast<float>(i + 1);
    });
    CHECK(sum == static_cast<double>(size) * static_cast<double>(size + 1) / 2.0);
    REQUIRE(asked.size() == size);
    for (std::size_t i = 0; i < size; ++i) CHECK(asked[i] == i);
  }
}

TEST_CASE("terms are added in double") {
  const double sum = bnn::sum_terms(1000, [](std::size_t) { return 0.1f; });
  CHECK(sum == Approx(1000.0 * static_cast<double>(0.1f)).epsilon(1e-13));
}
