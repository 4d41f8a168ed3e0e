#include "bnn/images/resize.h"

#include <algorithm>
#include <cmath>

#include <catch2/catch.hpp>

#include "support/data_files.h"

namespace bnn {
namespace {

Image noise(int height, int width, int channels) {
  Image image{height, width, channels, {}};
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (int c = 0; c < channels; ++c) {
        image.bytes.push_back(testing::pattern_pixel(y, c, height, x, y, c));
      }
    }
  }
  return image;
}

// The mean of a function over an interval of one axis, of `in` pixels: constant on each pixel where
// the axis shrinks; where it grows, the value of the line between centres.
std::vector<double> weights(int in, int out, int o) {
  std::vector<double> result(static_cast<std::size_t>(in), 0.0);
  const double scale = static_cast<double>(in) / out;
  if (out > in) {
    const double place = std::clamp((o + 0.5) * scale - 0.5, 0.0, in - 1.0);
    const auto first = static_cast<std::size_t>(place);
    result[first] = 1 - (place - std::floor(place));
    if (first + 1 < result.size()) result[first + 1] = place - std::floor(place);
    return result;
  }
  for (int i = 0; i < in; ++i) {
    const double overlap = std::min(i + 1.0, (o + 1) * scale) - std::max(1.0 * i, o * scale);
    result[static_cast<std::size_t>(i)] = std::max(0.0, overlap) / scale;
  }
  return result;
}

double naive(const Image& image, int height, int width, int y, int x, int c) {
  const std::vector<double> rows = weights(image.height, height, y);
  const std::vector<double> columns = weights(image.width, width, x);
  double sum = 0;
  for (int i = 0; i < image.height; ++i) {
    for (int j = 0; j < image.width; ++j) {
      const auto at = static_cast<std::size_t>((i * image.width + j) * image.channels + c);
      sum += rows[static_cast<std::size_t>(i)] * columns[static_cast<std::size_t>(j)] *
             image.bytes[at];
    }
  }
  return sum;
}

TEST_CASE("resizing agrees with means and lines computed one by one") {
  const Image image = noise(7, 10, 3);
  for (const auto& [height, width] : std::vector<std::pair<int, int>>{
           {7, 10}, {3, 4}, {1, 1}, {14, 20}, {9, 4}, {5, 23}, {40, 10}, {2, 10}}) {
    CAPTURE(height, width);
    const Image out = resize(image, height, width);
    REQUIRE(out.shape() == Shape{height, width, 3});
    REQUIRE(out.bytes.size() == out.shape().size());
    for (int i = 0; i < static_cast<int>(out.bytes.size()); ++i) {
      const double expected = naive(image, height, width, i / 3 / width, i / 3 % width, i % 3);
      CHECK(std::abs(out.bytes[static_cast<std::size_t>(i)] - expected) <= 0.5 + 1e-9);
    }
  }
}

TEST_CASE("resizing to the same size changes nothing, and constants stay constant") {
  const Image image = noise(6, 5, 1);
  CHECK(resize(image, 6, 5).bytes == image.bytes);
  const Image flat{9, 4, 1, std::vector<std::uint8_t>(36, 137)};
  for (const int size : {1, 2, 5, 9, 31}) {
    const Image out = resize(flat, size, size);
    CHECK(std::count(out.bytes.begin(), out.bytes.end(), 137) == size * size);
  }
}

TEST_CASE("half the size is the rounded mean of four pixels") {
  const Image image{2, 4, 1, {10, 11, 0, 255, 12, 14, 255, 255}};
  CHECK(resize(image, 1, 2).bytes == std::vector<std::uint8_t>{12, 191});  // 11.75, 191.25
}

TEST_CASE("twice the size lies a quarter of a pixel off the centres") {
  const Image image{1, 2, 1, {0, 100}};
  CHECK(resize(image, 1, 4).bytes == std::vector<std::uint8_t>{0, 25, 75, 100});
}

TEST_CASE("grey is the luma of ITU-R BT.601 and colour from grey has three equal channels") {
  const Image colour{1, 4, 3, {255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255}};
  CHECK(with_channels(colour, 1).bytes == std::vector<std::uint8_t>{76, 150, 29, 255});
  CHECK(with_channels({1, 2, 1, {7, 9}}, 3).bytes == std::vector<std::uint8_t>{7, 7, 7, 9, 9, 9});
}

TEST_CASE("what is done to images is counted and told") {
  ImageChanges changes;
  fit_image(noise(4, 4, 1), {4, 4, 1}, ResizeMode::stretch, changes);
  CHECK_FALSE(changes.any());
  const Image out = fit_image(noise(8, 4, 3), {4, 4, 1}, ResizeMode::stretch, changes);
  CHECK(out.shape() == Shape{4, 4, 1});
  fit_image(noise(6, 6, 1), {4, 4, 1}, ResizeMode::stretch, changes);
  CHECK(changes.sentence({4, 4, 1}) ==
        "resized 2 and converted the colours of 1 of 3 images to 4 x 4 x 1 (the first from 8 x 4 x "
        "3)");
}

}  // namespace
TEST_CASE("images of other proportions are stretched, cut or padded with black") {
  // Two rows of eight pixels: 1 to 8, and 11 to 18.
  Image wide{2, 8, 1, {1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 13, 14, 15, 16, 17, 18}};
  // The window in proportion, pixel by pixel.
  const auto shown = [](const Image& image, int height, int width, ResizeMode mode) {
    const ImageWindow window = window_in_proportion(image, height, width, mode);
    return resize(image, window, static_cast<int>(window.height), static_cast<int>(window.width));
  };
  CHECK(shown(wide, 4, 4, ResizeMode::stretch).bytes == wide.bytes);
  const Image cut = shown(wide, 4, 4, ResizeMode::crop);
  CHECK(cut.shape() == Shape{2, 2, 1});
  CHECK(cut.bytes == std::vector<std::uint8_t>{4, 5, 14, 15});
  const Image padded = shown(wide, 1, 2, ResizeMode::pad);
  CHECK(padded.shape() == Shape{4, 8, 1});
  std::vector<std::uint8_t> expected(8, 0);
  expected.insert(expected.end(), wide.bytes.begin(), wide.bytes.end());
  expected.insert(expected.end(), 8, 0);
  CHECK(padded.bytes == expected);
  const Image high{8, 2, 1, wide.bytes};
  CHECK(shown(high, 4, 4, ResizeMode::crop).bytes == std::vector<std::uint8_t>{7, 8, 11, 12});
  CHECK(shown(high, 4, 4, ResizeMode::pad).shape() == Shape{8, 8, 1});
  // Already in proportion, whatever the size.
  CHECK(shown(high, 16, 4, ResizeMode::crop).bytes == high.bytes);
  ImageChanges changes;
  CHECK(fit_image(wide, {2, 2, 1}, ResizeMode::crop, changes).bytes == cut.bytes);
  for (const auto& [height, width] : {std::pair(2, 4), std::pair(5, 10), std::pair(3, 3)}) {
    const Image black_around = shown(wide, height, width, ResizeMode::pad);
    CHECK(fit_image(wide, {height, width, 1}, ResizeMode::pad, changes).bytes ==
          resize(black_around, height, width).bytes);
  }
}

TEST_CASE("a padded image takes no memory for its padding") {
  constexpr int kLong = 60'000'000;
  const Image line{1, kLong, 1, std::vector<std::uint8_t>(kLong, 200)};
  ImageChanges changes;
  // The row in the middle is as good as black.
  CHECK(fit_image(line, {3, 2, 1}, ResizeMode::pad, changes).bytes ==
        std::vector<std::uint8_t>(6, 0));
  const Image column{kLong, 1, 1, line.bytes};
  CHECK(fit_image(column, {2, 3000, 1}, ResizeMode::pad, changes).bytes ==
        std::vector<std::uint8_t>(6000, 0));
}

}  // namespace bnn
