#include "bnn/data/color_jitter.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include <catch2/catch.hpp>

namespace bnn {
namespace {

using Bytes = std::vector<std::uint8_t>;

const Bytes kImage = {10, 200, 30, 250, 0, 128, 77, 77, 77, 255, 255, 255};  // 2 x 2 x 3

double cut_off(double value) { return std::min(255.0, std::max(0.0, value)); }

double grey(const std::vector<double>& v, std::size_t pixel) {
  return 0.299 * v[3 * pixel] + 0.587 * v[3 * pixel + 1] + 0.114 * v[3 * pixel + 2];
}

// The three formulas, in double.
std::vector<double> expected_colors(double brightness, double contrast, double saturation) {
  std::vector<double> v;
  for (const std::uint8_t byte : kImage) v.push_back(cut_off(brightness * byte));
  const double mean = (grey(v, 0) + grey(v, 1) + grey(v, 2) + grey(v, 3)) / 4;
  for (double& value : v) value = cut_off((1 - contrast) * mean + contrast * value);
  for (std::size_t pixel = 0; pixel < 4; ++pixel) {
    const double g = grey(v, pixel);
    for (std::size_t c = 0; c < 3; ++c) {
      v[3 * pixel + c] = cut_off((1 - saturation) * g + saturation * v[3 * pixel + c]);
    }
  }
  return v;
}

std::vector<float> changed(const Bytes& image, const Shape& shape, const ColorFactors& factors) {
  std::vector<float> out(shape.size());
  change_colors(image.data(), shape, factors, out.data());
  return out;
}

TEST_CASE("changed colours are what the formulas give") {
  for (const ColorFactors& f :
       {ColorFactors{1.3f, 1, 1}, ColorFactors{1, 0.4f, 1}, ColorFactors{1, 1.9f, 1},
        ColorFactors{1, 1, 0}, ColorFactors{1, 1, 1.7f}, ColorFactors{0.5f, 1.5f, 0.25f}}) {
    const std::vector<float> image = changed(kImage, {2, 2, 3}, f);
    const std::vector<double> expected =
        expected_colors(static_cast<double>(f.brightness), static_cast<double>(f.contrast),
                        static_cast<double>(f.saturation));
    for (std::size_t i = 0; i < image.size(); ++i) CHECK(image[i] == Approx(expected[i]));
  }
}

TEST_CASE("factors of 1 leave an image as it is, and one channel has no saturation") {
  const std::vector<float> bytes(kImage.begin(), kImage.end());
  CHECK(changed(kImage, {2, 2, 3}, {}) == bytes);
  CHECK(changed(kImage, {3, 4, 1}, {1, 1, 0.1f}) == bytes);
  // Two channels: the grey of a pixel is their mean.
  const std::vector<float> grey_pairs = changed({10, 20, 0, 250}, {1, 2, 2}, {1, 1, 0});
  CHECK(grey_pairs == std::vector<float>{15, 15, 125, 125});
}

TEST_CASE("factors are uniform around 1, each by its own range") {
  const ColorJitter jitter{0.2, 1.0, 0.0};
  constexpr int kDraws = 4000;
  std::array<double, 2> sum = {}, square = {}, least = {9, 9}, most = {};
  double product = 0;
  for (std::uint32_t step = 0; step < kDraws; ++step) {
    const ColorFactors factors =
        random_factors(jitter, {.seed = 3, .site = Site::augmentation, .step = step});
    CHECK(factors.saturation == 1.0f);
    const std::array<double, 2> values = {static_cast<double>(factors.brightness),
                                          static_cast<double>(factors.contrast)};
    for (std::size_t i = 0; i < 2; ++i) {
      sum[i] += values[i] / kDraws;
      square[i] += (values[i] - 1) * (values[i] - 1) / kDraws;
      least[i] = std::min(least[i], values[i]);
      most[i] = std::max(most[i], values[i]);
    }
    product += (values[0] - 1) * (values[1] - 1) / kDraws;
  }
  for (const auto& [i, range] : {std::pair<std::size_t, double>{0, 0.2}, {1, 1.0}}) {
    CHECK(sum[i] == Approx(1.0).margin(4 * range / std::sqrt(3.0 * kDraws)));
    CHECK(square[i] == Approx(range * range / 3).epsilon(0.06));
    CHECK((least[i] >= 1 - range - 1e-6 && least[i] < 1 - 0.99 * range));
    CHECK((most[i] <= 1 + range + 1e-6 && most[i] > 1 + 0.99 * range));
  }
  CHECK(product == Approx(0.0).margin(0.2 / 3 * 4 / std::sqrt(kDraws)));
}

}  // namespace
}  // namespace bnn
