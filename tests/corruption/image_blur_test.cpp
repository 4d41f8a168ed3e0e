#include "bnn/corruption/image_blur.h"

#include <cmath>
#include <numbers>
#include <numeric>
#include <random>
#include <vector>

#include <catch2/catch.hpp>

namespace bnn {
namespace {

using Pixels = std::vector<std::uint8_t>;
using Blur = void (*)(const ByteImage&, double, std::uint8_t*);

Pixels random_pixels(int size, unsigned seed) {
  Pixels bytes(static_cast<std::size_t>(size));
  std::mt19937 random(seed);
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random() % 256);
  return bytes;
}

Pixels blurred(Blur blur, const ByteImage& image, double length) {
  Pixels out(image.size(), 77);
  blur(image, length, out.data());
  return out;
}

// Walks step by step from 0 to `at`, turning back at both ends (each end counts twice).
int mirror_walk(int at, int size) {
  int place = 0, direction = 1;
  const int steps = at >= 0 ? at : -at - 1;  // position -1 is 0 again, -2 is 1
  for (int i = 0; i < steps; ++i) {
    if (place + direction < 0 || place + direction >= size) {
      direction = -direction;
    } else {
      place += direction;
    }
  }
  return place;
}

// With any weight as a function of the distance in rows and columns, within a window.
template <typename Weight>
std::vector<double> naive_blur(const ByteImage& image, int radius, const Weight& weight) {
  std::vector<double> out;
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x) {
      for (int c = 0; c < image.channels; ++c) {
        double sum = 0, total = 0;
        for (int dy = -radius; dy <= radius; ++dy) {
          for (int dx = -radius; dx <= radius; ++dx) {
            const double w = weight(dy, dx);
            sum += w *
                   image.at(mirror_walk(y + dy, image.height), mirror_walk(x + dx, image.width), c);
            total += w;
          }
        }
        out.push_back(sum / total);
      }
    }
  }
  return out;
}

void check_near(const Pixels& found, const std::vector<double>& expected) {
  REQUIRE(found.size() == expected.size());
  double worst = 0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    worst = std::max(worst, std::abs(found[i] - expected[i]));
  }
  CHECK(worst <= 0.5 + 1e-9);  // rounding to bytes
}

TEST_CASE("gaussian blur is the convolution with a normal density") {
  for (const auto& [height, width] : {std::pair{6, 9}, {1, 1}, {1, 4}, {3, 2}}) {
    const Pixels bytes = random_pixels(height * width * 2, 1);
    const ByteImage image{height, width, 2, bytes.data()};
    for (const double deviation : {0.5, 1.2, 1.6}) {
      CAPTURE(height, width, deviation);
      const auto weight = [&](int dy, int dx) {
        return std::exp(-(dy * dy + dx * dx) / (2 * deviation * deviation));
      };
      const int radius = static_cast<int>(std::ceil(3 * deviation));
      check_near(blurred(gaussian_blur, image, deviation), naive_blur(image, radius, weight));
    }
  }
}

TEST_CASE("the kernel of a disc is the share of each pixel that it covers") {
  for (const double radius : {0.8, 1.1, 1.5, 2.0, 2.6, 5.0}) {
    CAPTURE(radius);
    const BlurKernel kernel = disc_kernel(radius);
    const double sum = std::accumulate(kernel.weights.begin(), kernel.weights.end(), 0.0);
    CHECK(sum == Approx(1));
    // A pixel that lies wholly inside has a weight of 1 / (pi r²).
    const double middle = kernel.weights[kernel.weights.size() / 2];
    CHECK(middle == Approx(1 / (std::numbers::pi * radius * radius)).epsilon(0.04));
    // The corner has none where all of it lies outside.
    const bool outside = std::numbers::sqrt2 * (kernel.radius - 0.5) >= radius;
    CHECK((kernel.weights[0] == 0) == outside);
    CHECK(kernel.weights.size() ==
          static_cast<std::size_t>((2 * kernel.radius + 1) * (2 * kernel.radius + 1)));
    CHECK(kernel.radius == static_cast<int>(std::ceil(radius - 0.5)));
  }
  CHECK(disc_kernel(0.5).weights == std::vector<double>{1.0});
  CHECK(disc_kernel(0.01).weights == std::vector<double>{1.0});
}

TEST_CASE("defocus is the convolution with a disc") {
  const Pixels bytes = random_pixels(7 * 5 * 3, 2);
  const ByteImage image{7, 5, 3, bytes.data()};
  for (const double radius : {0.3, 1.1, 2.6}) {
    // Counted on 8 x 8 points a pixel, whose coordinates are odd multiples of 1/16.
    const auto weight = [&](int dy, int dx) {
      int covered = 0;
      for (int i = -7; i <= 7; i += 2) {
        for (int j = -7; j <= 7; j += 2) {
          covered += std::hypot(dy + i / 16.0, dx + j / 16.0) <= radius;
        }
      }
      return covered;
    };
    CAPTURE(radius);
    check_near(blurred(disc_blur, image, radius), naive_blur(image, 4, weight));
  }
}

TEST_CASE("blur keeps constant images and the mean of any image") {
  for (const Blur blur : {gaussian_blur, disc_blur}) {
    for (const double length : {0.5, 1.1, 2.6, 9.0}) {
      const Pixels constant(5 * 3 * 2, 201);
      CHECK(blurred(blur, {5, 3, 2, constant.data()}, length) == constant);
      const Pixels bytes = random_pixels(40 * 30, 3);
      const Pixels out = blurred(blur, {40, 30, 1, bytes.data()}, length);
      const double before = std::accumulate(bytes.begin(), bytes.end(), 0.0) / 1200;
      const double after = std::accumulate(out.begin(), out.end(), 0.0) / 1200;
      CAPTURE(length);
      CHECK(after == Approx(before).margin(0.04));  // 4 standard errors of rounding
    }
  }
}

}  // namespace
}  // namespace bnn
