// Augmentation beyond flips and crops, as the loader of training applies it.

#include "bnn/data/augmentation.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

#include <catch2/catch.hpp>

#include "bnn/data/rotation.h"
#include "bnn/data/training_loader.h"
#include "support/model_fixtures.h"

namespace bnn::testing {
namespace {

constexpr std::uint64_t kSeed = 5;
const Shape kShape{6, 5, 3};
const Standardization kPixels{{0.25, 0.5, 0.75}, {0.5, 0.25, 1.0}};

std::vector<float> images_of(const Dataset& data, const Augmentation& augmentation,
                             const std::vector<std::uint32_t>& chosen, std::uint32_t step,
                             std::uint64_t seed = kSeed) {
  const TrainingLoader loader(data, indices(data.size()), kPixels, augmentation, seed);
  std::vector<float> images(chosen.size() * data.shape().size());
  loader.fill_augmented(chosen, step, images.data());
  return images;
}

std::vector<float> upside_down(const std::vector<float>& image) {
  std::vector<float> turned;
  const std::ptrdiff_t row = kShape.width * kShape.channels;
  for (auto end = image.end(); end != image.begin(); end -= row) {
    turned.insert(turned.end(), end - row, end);
  }
  return turned;
}

Augmentation everything() {
  return {.flip_horizontal = true,
          .crop_padding = 1,
          .flip_vertical = true,
          .rotation = 20,
          .color = {0.3, 0.2, 0.4},
          .cutout = 2,
          .mixup = 0.5};
}

TEST_CASE("half of the images are turned upside down") {
  const Dataset data = random_dataset(kShape, 3, 4, 1);
  const auto plain = images_of(data, {}, {2}, 0);
  int turned = 0;
  for (std::uint32_t step = 0; step < 400; ++step) {
    const auto image = images_of(data, {.flip_vertical = true}, {2}, step);
    if (image != plain) CHECK(image == upside_down(plain));
    turned += image != plain;
  }
  CHECK((turned > 160 && turned < 240));
}

TEST_CASE("an image is turned by a uniform angle, and what it does not cover is black") {
  const Augmentation augmentation{.rotation = 30};
  const Dataset data = random_dataset(kShape, 3, 2, 1);
  std::vector<float> bytes(data.image(1).begin(), data.image(1).end());
  double sum = 0, square = 0, most = 0;
  for (std::uint32_t step = 0; step < 2000; ++step) {
    const float angle = random_angle(augmentation, kSeed, step, 1);
    sum += static_cast<double>(angle);
    square += static_cast<double>(angle * angle);
    most = std::max(most, std::abs(static_cast<double>(angle)));
    if (step > 5) continue;
    const auto image = images_of(data, augmentation, {1}, step);
    const RotatedWindow window(kShape, {}, angle);
    for (std::size_t i = 0; i < image.size(); i += 3) {
      float pixel[3];
      window.pixel(bytes.data(), static_cast<int>(i / 15), static_cast<int>(i / 3 % 5), pixel);
      for (std::size_t c = 0; c < 3; ++c) {
        CHECK(static_cast<double>(image[i + c]) ==
              Approx((static_cast<double>(pixel[c]) / 255 - kPixels.mean[c]) / kPixels.std[c])
                  .margin(1e-5));
      }
    }
  }
  CHECK(sum / 2000 == Approx(0.0).margin(4 * 30 / std::sqrt(3.0 * 2000)));
  CHECK(square / 2000 == Approx(300.0).epsilon(0.08));
  CHECK((most > 29.9 && most <= 30));
}

TEST_CASE("cutout erases one square, and the edge of the image may cut it off") {
  const Dataset data = random_dataset(kShape, 3, 1, 1);
  const auto plain = images_of(data, {}, {0}, 0);
  std::map<std::pair<int, int>, int> corners;
  for (std::uint32_t step = 0; step < 600; ++step) {
    const auto image = images_of(data, {.cutout = 3}, {0}, step);
    // All squares of side 3 whose centre is a pixel, until one fits.
    int matches = 0;
    for (int y = 0; y < kShape.height; ++y) {
      for (int x = 0; x < kShape.width; ++x) {
        auto expected = plain;
        for (int i = std::max(0, y - 1); i <= std::min(kShape.height - 1, y + 1); ++i) {
          for (int j = std::max(0, x - 1); j <= std::min(kShape.width - 1, x + 1); ++j) {
            std::fill_n(expected.begin() + (i * kShape.width + j) * 3, 3, 0.0f);
          }
        }
        if (image != expected) continue;
        ++matches;
        ++corners[{y, x}];
      }
    }
    CHECK(matches == 1);
  }
  CHECK(corners.size() == 30);  // 20 each are expected
  for (const auto& [corner, count] : corners) CHECK(count < 45);
}

TEST_CASE("the numbers of augmentation depend on seed, step and example, not on the batch") {
  const Dataset data = random_dataset(kShape, 3, 20, 1);
  const auto batch = images_of(data, everything(), {4, 2, 19, 5}, 77);
  const auto alone = images_of(data, everything(), {19}, 77);
  const auto size = static_cast<std::ptrdiff_t>(kShape.size());
  CHECK(std::equal(alone.begin(), alone.end(), batch.begin() + 2 * size));
  CHECK(alone != images_of(data, everything(), {19}, 78));
  CHECK(alone != images_of(data, everything(), {19}, 77, 6));
}

TEST_CASE("each change has random numbers of its own") {
  // With and without the other changes, an image has the same window and angle.
  const Augmentation all = everything();
  for (std::uint32_t step = 0; step < 50; ++step) {
    const CropWindow window = random_window(all, kSeed, step, 3);
    const CropWindow old = random_window({true, 1}, kSeed, step, 3);
    CHECK((window.row == old.row && window.column == old.column));
    CHECK(window.mirrored == old.mirrored);
    CHECK(random_angle(all, kSeed, step, 3) == random_angle({.rotation = 20}, kSeed, step, 3));
  }
  // Upside down, mirrored and turned to the left are independent: an eighth of the images each.
  std::map<int, int> counts;
  for (std::uint32_t step = 0; step < 1600; ++step) {
    const CropWindow window = random_window(all, kSeed, step, 3);
    const bool left = random_angle(all, kSeed, step, 3) > 0;
    ++counts[window.mirrored + 2 * window.upside_down + 4 * left];
  }
  for (const auto& [kind, count] : counts) CHECK((count > 145 && count < 255));
}

TEST_CASE("a mixed image is the blend of two augmented ones") {
  const Dataset data = random_dataset(kShape, 3, 12, 1);
  Augmentation alone = everything();
  alone.mixup = 0;
  const TrainingLoader loader(data, {1, 3, 4, 7, 11}, kPixels, everything(), kSeed);
  CHECK(loader.mixes());
  std::map<std::uint32_t, int> partners;
  for (std::uint32_t step = 0; step < 500; ++step) {
    const Mixture mixture = loader.mixture(step, 4);
    ++partners[mixture.partner];
    std::vector<float> mixed(kShape.size());
    loader.fill_augmented(std::vector<std::uint32_t>{4}, step, mixed.data());
    const auto two = images_of(data, alone, {4, mixture.partner}, step);
    for (std::size_t i = 0; i < mixed.size(); ++i) {
      CHECK(mixed[i] ==
            Approx(mixture.share * two[i] + (1 - mixture.share) * two[i + kShape.size()])
                .margin(1e-5));
    }
  }
  // Only images that are trained on, each equally often: 100 times, give or take 9.
  CHECK(partners.size() == 5);
  for (const auto& [partner, count] : partners) CHECK((count > 60 && count < 140));
}

TEST_CASE("with balanced sampling the partners of a mixture are balanced too") {
  RawImages raw;
  raw.labels.assign(40, 0);
  raw.labels[38] = raw.labels[39] = 2;  // nobody has label 1
  raw.pixels.resize(40);
  const Dataset data({1, 1, 1}, 3, raw, {{"a", 40}});
  for (const Sampling sampling : {Sampling::shuffle, Sampling::balanced}) {
    const TrainingLoader loader(data, indices(40), {{0}, {1}}, {.mixup = 1}, kSeed, sampling);
    int rare = 0;
    for (std::uint32_t step = 0; step < 1000; ++step) {
      rare += data.labels()[loader.mixture(step, 1).partner] == 2;
    }
    CHECK(rare == Approx(sampling == Sampling::balanced ? 500 : 50).margin(64));
  }
}

}  // namespace
}  // namespace bnn::testing
