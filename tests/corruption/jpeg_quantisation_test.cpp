#include "bnn/corruption/jpeg_quantisation.h"

#include <cmath>
#include <numbers>
#include <random>
#include <vector>

#include <catch2/catch.hpp>

namespace bnn {
namespace {

using Pixels = std::vector<std::uint8_t>;

Block8x8 random_block(unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<double> uniform(-128, 128);
  Block8x8 block;
  for (double& value : block) value = uniform(random);
  return block;
}

Pixels random_pixels(std::size_t size, unsigned seed) {
  Pixels bytes(size);
  std::mt19937 random(seed);
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random() % 256);
  return bytes;
}

Pixels quantised(const ByteImage& image, int quality) {
  Pixels out(image.size(), 77);
  jpeg_quantise(image, quality, out.data());
  return out;
}

int largest_difference(const Pixels& a, const Pixels& b) {
  int largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    largest = std::max(largest, std::abs(int{a[i]} - int{b[i]}));
  }
  return largest;
}

TEST_CASE("the cosine transform is that of T.81, and its inverse undoes it") {
  const Block8x8 pixels = random_block(1);
  const Block8x8 coefficients = discrete_cosine_transform(pixels);
  // S(v,u) = C(u) C(v) / 4 sum over y, x of s(y,x) cos((2x+1) u pi / 16) cos((2y+1) v pi / 16).
  for (int v = 0; v < 8; ++v) {
    for (int u = 0; u < 8; ++u) {
      double sum = 0;
      for (int y = 0; y < 8; ++y) {
        for (int x = 0; x < 8; ++x) {
          sum += pixels[static_cast<std::size_t>(8 * y + x)] *
                 std::cos((2 * x + 1) * u * std::numbers::pi / 16) *
                 std::cos((2 * y + 1) * v * std::numbers::pi / 16);
        }
      }
      const double scale = (u == 0 ? std::sqrt(0.5) : 1) * (v == 0 ? std::sqrt(0.5) : 1) / 4;
      CHECK(coefficients[static_cast<std::size_t>(8 * v + u)] == Approx(scale * sum).margin(1e-9));
    }
  }
  const Block8x8 back = inverse_discrete_cosine_transform(coefficients);
  for (std::size_t i = 0; i < 64; ++i) CHECK(back[i] == Approx(pixels[i]).margin(1e-9));
}

TEST_CASE("quantisation tables are the standard's, scaled by quality") {
  const std::array<int, 64> standard = luminance_quantisation(50);
  CHECK(standard[0] == 16);
  CHECK(standard[1] == 11);
  CHECK(standard[7] == 61);
  CHECK(standard[63] == 99);
  CHECK(chrominance_quantisation(50)[0] == 17);
  CHECK(chrominance_quantisation(50)[3] == 47);
  CHECK(luminance_quantisation(100) == [] {
    std::array<int, 64> ones;
    ones.fill(1);
    return ones;
  }());
  CHECK(luminance_quantisation(25)[0] == 32);
  CHECK(luminance_quantisation(75)[1] == 6);       // (11 * 50 + 50) / 100
  CHECK(chrominance_quantisation(10)[63] == 255);  // 99 * 5 is no byte
  CHECK(luminance_quantisation(1)[0] == 255);
}

TEST_CASE("at quality 100 next to nothing is lost") {
  for (const auto& [height, width] : {std::pair{16, 24}, {13, 9}, {1, 1}, {8, 3}}) {
    CAPTURE(height, width);
    for (const int channels : {1, 2, 3}) {
      const Pixels bytes = random_pixels(static_cast<std::size_t>(height * width * channels), 2);
      const Pixels out = quantised({height, width, channels, bytes.data()}, 100);
      CHECK(largest_difference(bytes, out) <= (channels == 3 ? 4 : 2));
    }
  }
}

TEST_CASE("a constant block keeps the nearest multiple of the table's first entry") {
  // Quality 8: 16 becomes 100. 140 - 128 = 12 gives a first coefficient of 96, which becomes 100,
  // so 12.5 and 140.5. 133 gives 40, which becomes 0.
  REQUIRE(luminance_quantisation(8)[0] == 100);
  const Pixels high(64, 140), low(64, 133);
  CHECK(quantised({8, 8, 1, high.data()}, 8) == Pixels(64, 141));
  CHECK(quantised({8, 8, 1, low.data()}, 8) == Pixels(64, 128));
  // An image that does not fill its block is continued by its edge.
  CHECK(quantised({3, 5, 1, high.data()}, 8) == Pixels(15, 141));
}

TEST_CASE("blocks are quantised one by one, each with the luminance's table for grey") {
  // The naive way for one block of a larger image.
  const Pixels bytes = random_pixels(16 * 16, 4);
  const Pixels out = quantised({16, 16, 1, bytes.data()}, 20);
  const std::array<int, 64> table = luminance_quantisation(20);
  Block8x8 block;
  for (std::size_t i = 0; i < 64; ++i) block[i] = bytes[(8 + i / 8) * 16 + i % 8] - 128.0;
  block = discrete_cosine_transform(block);
  for (std::size_t i = 0; i < 64; ++i) block[i] = table[i] * std::round(block[i] / table[i]);
  block = inverse_discrete_cosine_transform(block);
  for (std::size_t i = 0; i < 64; ++i) {
    CHECK(int{out[(8 + i / 8) * 16 + i % 8]} ==
          static_cast<int>(std::floor(std::min(255.0, std::max(0.0, block[i] + 128)) + 0.5)));
  }
}

TEST_CASE("grey pictures of three channels stay grey and are as those of one") {
  const Pixels grey = random_pixels(100, 5);
  Pixels colour;
  for (const std::uint8_t byte : grey) colour.insert(colour.end(), 3, byte);
  const Pixels expected = quantised({10, 10, 1, grey.data()}, 30);
  const Pixels found = quantised({10, 10, 3, colour.data()}, 30);
  for (std::size_t i = 0; i < 100; ++i) {
    for (std::size_t c = 0; c < 3; ++c) CHECK(std::abs(int{found[3 * i + c]} - expected[i]) <= 1);
  }
}

TEST_CASE("chrominance has its own table") {
  // Constant red (200, 100, 100): Y = 129.9, Cb = -16.87, Cr = 50. At quality 8 the first entries
  // are 100 (Y) and (17 * 625 + 50) / 100 = 106 (Cb, Cr): Y: 15.2 of 100 -> 0, so 128; Cb: -134.97
  // -> -106 -> -13.25; Cr: 400 -> 424 -> 53. R = 128 + 1.402 * 53 = 202.3, G = 128 - 0.344136 *
  // -13.25 - 0.714136 * 53 = 94.7, B = 128 + 1.772 * -13.25 = 104.5.
  Pixels red;
  for (int i = 0; i < 64; ++i) red.insert(red.end(), {200, 100, 100});
  const Pixels out = quantised({8, 8, 3, red.data()}, 8);
  CHECK(int{out[0]} == 202);
  CHECK(int{out[1]} == 95);
  CHECK(std::abs(int{out[2]} - 104) <= 1);
}

}  // namespace
}  // namespace bnn
