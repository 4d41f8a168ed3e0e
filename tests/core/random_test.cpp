#include "bnn/core/random.h"

#include <cmath>
#include <numbers>
#include <set>
#include <vector>

#include <catch2/catch.hpp>

using namespace bnn;

TEST_CASE("philox4x32-10 gives the known answers of its authors") {
  // Random123's kat_vectors: counter and key all zeros, all ones, and digits of pi.
  using Words = std::array<std::uint32_t, 4>;
  CHECK(philox4x32({0, 0, 0, 0}, {0, 0}) == Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  CHECK(philox4x32({~0u, ~0u, ~0u, ~0u}, {~0u, ~0u}) ==
        Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
        Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("words of a stream are philox blocks under its name") {
  const Stream stream{0x0123456789abcdefULL, Site::shuffle, 7, 11, 13};
  const auto block = philox4x32({2, 13, 11, (4u << 24) | 7u}, {0x89abcdef, 0x01234567});
  for (std::size_t i = 0; i < 4; ++i) CHECK(random_word(stream, 8 + i) == block[i]);
}

TEST_CASE("elements of a stream do not depend on how it is cut into calls") {
  const Stream stream{5, Site::weight_noise, 1, 2, 3};
  std::vector<float> whole(1000);
  fill_normal(stream, 0, whole);
  for (std::size_t first : {0u, 1u, 2u, 3u, 63u, 64u, 65u, 500u}) {
    for (std::size_t count : {1u, 3u, 4u, 64u, 67u, 300u}) {
      std::vector<float> part(count);
      fill_normal(stream, first, part);
      for (std::size_t i = 0; i < count; ++i) REQUIRE(part[i] == whole[first + i]);
    }
  }
}

TEST_CASE("normal elements are Box and Muller's function of the stream's words") {
  const Stream stream{99, Site::weight_noise, 3, 4, 0};
  std::vector<float> normals(400);
  fill_normal(stream, 0, normals);
  for (std::size_t i = 0; i < normals.size(); i += 2) {
    const double u = ((random_word(stream, i) >> 8) + 0.5) / 16777216.0;
    const double v = ((random_word(stream, i + 1) >> 8) + 0.5) / 16777216.0;
    const double radius = std::sqrt(-2.0 * std::log(u));
    CHECK(normals[i] == Approx(radius * std::cos(2 * std::numbers::pi * v)).margin(2e-6));
    CHECK(normals[i + 1] == Approx(radius * std::sin(2 * std::numbers::pi * v)).margin(2e-6));
  }
}

TEST_CASE("uniform and normal elements have the moments of their distributions") {
  const std::size_t n = 400000;
  const double sigmas = 5.0 / std::sqrt(static_cast<double>(n));
  std::vector<float> x(n);
  fill_uniform({1, Site::initializer, 0, 0, 0}, 0, x);
  double mean = 0, square = 0;
  for (float v : x) {
    REQUIRE(v > 0.0f);
    REQUIRE(v < 1.0f);
    mean += v;
    square += static_cast<double>(v) * v;
  }
  CHECK(std::fabs(mean / n - 0.5) < sigmas * std::sqrt(1.0 / 12));
  CHECK(std::fabs(square / n - 1.0 / 3) < sigmas * std::sqrt(4.0 / 45));

  fill_normal({1, Site::weight_noise, 0, 0, 0}, 0, x);
  double m1 = 0, m2 = 0, m4 = 0, neighbours = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const double v = x[i];
    m1 += v;
    m2 += v * v;
    m4 += v * v * v * v;
    if (i > 0) neighbours += v * x[i - 1];
  }
  CHECK(std::fabs(m1 / n) < sigmas);
  CHECK(std::fabs(m2 / n - 1) < sigmas * std::sqrt(2.0));
  CHECK(std::fabs(m4 / n - 3) < sigmas * std::sqrt(96.0));
  CHECK(std::fabs(neighbours / n) < sigmas);
}

TEST_CASE("signs are fair, exactly plus or minus one, and differ by every part of the name") {
  std::vector<float> signs(100000);
  fill_signs({1, Site::sign_input, 0, 0, 0}, 0, signs);
  double sum = 0;
  for (float s : signs) {
    REQUIRE((s == 1.0f || s == -1.0f));
    sum += s;
  }
  CHECK(std::fabs(sum) < 5 * std::sqrt(1e5));

  const Stream names[] = {{1, Site::sign_input, 0, 0, 0},         {2, Site::sign_input, 0, 0, 0},
                          {1, Site::sign_output, 0, 0, 0},        {1, Site::sign_input, 1, 0, 0},
                          {1, Site::sign_input, 0, 1, 0},         {1, Site::sign_input, 0, 0, 1},
                          {1ULL << 40, Site::sign_input, 0, 0, 0}};
  std::set<std::vector<float>> distinct;
  for (const Stream& name : names) {
    std::vector<float> row(64);
    fill_signs(name, 0, row);
    distinct.insert(row);
  }
  CHECK(distinct.size() == std::size(names));
}

TEST_CASE("a part of a row of signs is that part of the whole row") {
  const Stream stream{5, Site::sign_input, 3, 7, 11};
  std::vector<float> whole(700);
  fill_signs(stream, 0, whole);
  for (const std::size_t first : {0u, 1u, 31u, 127u, 128u, 129u, 300u}) {
    for (const std::size_t size : {0u, 1u, 127u, 128u, 129u, 400u}) {
      INFO(size << " signs from " << first);
      std::vector<float> part(size);
      fill_signs(stream, first, part);
      CHECK(
          std::equal(part.begin(), part.end(), whole.begin() + static_cast<std::ptrdiff_t>(first)));
    }
  }
}

TEST_CASE("random_below stays below its bound and reaches every value") {
  std::vector<int> counts(7);
  for (std::size_t i = 0; i < 7000; ++i) {
    const auto value = random_below({3, Site::crop, 0, 0, 0}, i, 7);
    REQUIRE(value < 7);
    ++counts[value];
  }
  for (int count : counts) CHECK(std::abs(count - 1000) < 5 * std::sqrt(1000.0));
}
