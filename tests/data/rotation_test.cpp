#include "bnn/data/rotation.h"

#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>
#include <vector>

#include <catch2/catch.hpp>

namespace bnn {
namespace {

std::vector<float> numbered_image(const Shape& shape) {
  std::vector<float> image;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    image.push_back(static_cast<float>((i * 37 + 11) % 251 + 1));
  }
  return image;
}

std::vector<float> rotated(const std::vector<float>& image, const Shape& shape,
                           const CropWindow& window, float degrees) {
  const RotatedWindow rotation(shape, window, degrees);
  std::vector<float> out;
  std::vector<float> pixel(static_cast<std::size_t>(shape.channels));
  for (int y = 0; y < shape.height; ++y) {
    for (int x = 0; x < shape.width; ++x) {
      rotation.pixel(image.data(), y, x, pixel.data());
      out.insert(out.end(), pixel.begin(), pixel.end());
    }
  }
  return out;
}

double tent(double distance) { return std::max(0.0, 1.0 - std::abs(distance)); }

// The definition in double: places are complex numbers with the imaginary axis upwards, and every
// pixel of the image weighs by its nearness.
std::vector<double> naive_rotation(const std::vector<float>& image, const Shape& shape,
                                   const CropWindow& window, double degrees) {
  const std::complex<double> back = std::polar(1.0, -degrees * std::numbers::pi / 180);
  const std::complex<double> centre((shape.width - 1) / 2.0, -(shape.height - 1) / 2.0);
  std::vector<double> out;
  for (int y = 0; y < shape.height; ++y) {
    for (int x = 0; x < shape.width; ++x) {
      const int row = window.row + (window.upside_down ? shape.height - 1 - y : y);
      const int column = window.column + (window.mirrored ? shape.width - 1 - x : x);
      const std::complex<double> seen(column, -row);
      const std::complex<double> place = centre + back * (seen - centre);
      for (int c = 0; c < shape.channels; ++c) {
        double sum = 0;
        for (int i = 0; i < shape.height; ++i) {
          for (int j = 0; j < shape.width; ++j) {
            const auto at = static_cast<std::size_t>((i * shape.width + j) * shape.channels + c);
            sum +=
                tent(place.real() - j) * tent(-place.imag() - i) * static_cast<double>(image[at]);
          }
        }
        out.push_back(sum);
      }
    }
  }
  return out;
}

TEST_CASE("a quarter turn is counter-clockwise and moves whole pixels") {
  const Shape shape{3, 3, 1};
  const std::vector<float> image = {1, 2, 3, 4, 5, 6, 7, 8, 9};
  const auto close = [&](float degrees, const std::vector<float>& expected) {
    const auto out = rotated(image, shape, {}, degrees);
    for (std::size_t i = 0; i < 9; ++i) CHECK(out[i] == Approx(expected[i]).margin(1e-4));
  };
  close(0, image);
  close(90, {3, 6, 9, 2, 5, 8, 1, 4, 7});
  close(-90, {7, 4, 1, 8, 5, 2, 9, 6, 3});
  close(180, {9, 8, 7, 6, 5, 4, 3, 2, 1});
}

TEST_CASE("a rotated window equals the naive one, black outside") {
  for (const Shape& shape : {Shape{5, 8, 3}, Shape{6, 6, 1}, Shape{1, 4, 2}}) {
    const std::vector<float> image = numbered_image(shape);
    for (const double degrees : {0.0, 7.0, -30.0, 45.0, 133.0, -180.0}) {
      for (const CropWindow& window : {CropWindow{}, CropWindow{1, -2, true, false},
                                       CropWindow{-1, 2, false, true}, CropWindow{9, 0}}) {
        const auto out = rotated(image, shape, window, static_cast<float>(degrees));
        const auto expected = naive_rotation(image, shape, window, degrees);
        for (std::size_t i = 0; i < out.size(); ++i) {
          CHECK(out[i] == Approx(expected[i]).epsilon(1e-4).margin(2e-3));
        }
      }
    }
  }
}

}  // namespace
}  // namespace bnn
