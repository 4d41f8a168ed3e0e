#include "bnn/data/training_loader.h"

#include <algorithm>
#include <map>
#include <numeric>

#include <catch2/catch.hpp>

namespace bnn {
namespace {

using Indices = std::vector<std::uint32_t>;

const Standardization kIdentity{{0}, {1.0 / 255}};  // one channel; the model sees the bytes

// Images in which every byte is different from its neighbours and none is 0.
Dataset numbered(Shape shape, std::size_t examples) {
  RawImages images;
  for (std::size_t example = 0; example < examples; ++example) {
    images.labels.push_back(static_cast<int>(example % 10));
    for (std::size_t i = 0; i < shape.size(); ++i) {
      images.pixels.push_back(static_cast<std::uint8_t>(1 + (i + 100 * example) % 255));
    }
  }
  return Dataset(shape, 10, std::move(images), {{"a", examples}});
}

std::vector<float> augmented(const TrainingLoader& loader, const Dataset& data,
                             const Indices& chosen, std::uint32_t step) {
  std::vector<float> images(chosen.size() * data.shape().size());
  loader.fill_augmented(chosen, step, images.data());
  return images;
}

// The definition: pixel (y, x) of the window at (row, column), mirrored or not; 0 is outside.
std::vector<float> reference(const Dataset& data, std::size_t example, int row, int column,
                             bool mirrored) {
  const Shape& shape = data.shape();
  std::vector<float> image;
  for (int y = 0; y < shape.height; ++y) {
    for (int x = 0; x < shape.width; ++x) {
      for (int c = 0; c < shape.channels; ++c) {
        const int source_y = y + row;
        const int source_x = (mirrored ? shape.width - 1 - x : x) + column;
        const bool inside =
            source_y >= 0 && source_y < shape.height && source_x >= 0 && source_x < shape.width;
        const int place = (source_y * shape.width + source_x) * shape.channels + c;
        image.push_back(
            inside ? static_cast<float>(data.image(example)[static_cast<std::size_t>(place)])
                   : 0.0f);
      }
    }
  }
  return image;
}

TEST_CASE("an epoch visits every example once, in an order of its own") {
  const Dataset data = numbered({1, 1, 1}, 1000);
  Indices examples(500);
  for (std::uint32_t i = 0; i < 500; ++i) examples[i] = 2 * i;
  const TrainingLoader loader(data, examples, kIdentity, {}, 9);
  CHECK(loader.examples() == 500);
  Indices order = loader.epoch_order(3);
  CHECK(order == loader.epoch_order(3));
  CHECK(order != loader.epoch_order(4));
  CHECK(order != TrainingLoader(data, examples, kIdentity, {}, 10).epoch_order(3));
  CHECK(order != examples);
  std::sort(order.begin(), order.end());
  CHECK(order == examples);
}

TEST_CASE("an augmented image is a mirrored window of the padded image, each equally often") {
  for (const int channels : {1, 3}) {
    const Dataset data = numbered({4, 6, channels}, 2);
    const auto size = static_cast<std::size_t>(channels);
    const TrainingLoader loader(
        data, {0, 1}, {std::vector<double>(size, 0.0), std::vector<double>(size, 1.0 / 255)},
        {true, 1}, 5);
    std::map<std::tuple<int, int, bool>, int> counts;
    for (std::uint32_t step = 0; step < 3600; ++step) {
      std::vector<float> image = augmented(loader, data, {1}, step);
      for (float& value : image) value = std::round(value);
      int matches = 0;
      for (int row = -1; row <= 1; ++row) {
        for (int column = -1; column <= 1; ++column) {
          for (const bool mirrored : {false, true}) {
            if (image != reference(data, 1, row, column, mirrored)) continue;
            ++matches;
            ++counts[{row, column, mirrored}];
          }
        }
      }
      if (matches != 1) FAIL("step " << step << " matches " << matches << " windows");
    }
    // 18 windows: 200 each are expected, with a standard deviation of 14.
    CHECK(counts.size() == 18);
    for (const auto& [window, count] : counts) {
      CHECK(count > 130);
      CHECK(count < 270);
    }
  }
}

TEST_CASE("padding beyond the image's own size gives black where the image is not") {
  const Dataset data = numbered({2, 2, 1}, 1);
  const TrainingLoader loader(data, {0}, kIdentity, {true, 5}, 1);
  int black = 0;
  for (std::uint32_t step = 0; step < 200; ++step) {
    std::vector<float> image = augmented(loader, data, {0}, step);
    for (float& value : image) value = std::round(value);
    bool found = false;
    for (int row = -5; row <= 5; ++row) {
      for (int column = -5; column <= 5; ++column) {
        found = found || image == reference(data, 0, row, column, false) ||
                image == reference(data, 0, row, column, true);
      }
    }
    CHECK(found);
    black += std::count(image.begin(), image.end(), 0.0f) == 4 ? 1 : 0;
  }
  // 9 of the 121 places show some of the image; 185 black images are expected.
  CHECK(black > 165);
  CHECK(black < 200);
}

TEST_CASE("padding is black before standardisation") {
  const Dataset data = numbered({2, 2, 1}, 1);
  const TrainingLoader loader(data, {0}, {{0.5}, {0.1}}, {false, 2}, 1);
  bool padded = false;
  for (std::uint32_t step = 0; step < 20; ++step) {
    for (const float value : augmented(loader, data, {0}, step)) {
      padded = padded || value == Approx(-5.0);  // (0 - 0.5) / 0.1; no byte of the image is 0
    }
  }
  CHECK(padded);
}

TEST_CASE("augmentation depends on seed, step and example, not on the batch") {
  const Dataset data = numbered({8, 8, 3}, 6);
  const Standardization three{{0, 0, 0}, {1, 1, 1}};
  const TrainingLoader loader(data, {0, 1, 2, 3, 4, 5}, three, {true, 4}, 5);
  const std::vector<float> batch = augmented(loader, data, {4, 2, 0, 5}, 77);
  const std::vector<float> alone = augmented(loader, data, {5}, 77);
  const auto size = static_cast<std::ptrdiff_t>(data.shape().size());
  CHECK(std::equal(alone.begin(), alone.end(), batch.begin() + 3 * size));
  CHECK(alone != augmented(loader, data, {5}, 78));
  const TrainingLoader reseeded(data, {0}, three, {true, 4}, 6);
  CHECK(alone != augmented(reseeded, data, {5}, 77));
}

TEST_CASE("equal images are flipped and cropped each in its own way") {
  Dataset data = numbered({4, 4, 1}, 2);
  std::ranges::copy(data.image(0), data.writable_image(1).begin());
  const TrainingLoader flipping(data, {0, 1}, kIdentity, {true, 0}, 5);
  const TrainingLoader cropping(data, {0, 1}, kIdentity, {false, 2}, 5);
  for (const TrainingLoader* loader : {&flipping, &cropping}) {
    int different = 0;
    for (std::uint32_t step = 0; step < 200; ++step) {
      different += augmented(*loader, data, {0}, step) != augmented(*loader, data, {1}, step);
    }
    // Half of the pairs, or 24 of 25.
    CHECK(different > (loader == &flipping ? 65 : 170));
    CHECK(different < (loader == &flipping ? 135 : 200));
  }
}

TEST_CASE("flip and crop are off unless asked for") {
  const Dataset data = numbered({4, 4, 1}, 1);
  const TrainingLoader plain(data, {0}, kIdentity, {}, 5);
  const TrainingLoader flip_only(data, {0}, kIdentity, {true, 0}, 5);
  const TrainingLoader crop_only(data, {0}, kIdentity, {false, 1}, 5);
  for (std::uint32_t step = 0; step < 50; ++step) {
    const auto rounded = [&](const TrainingLoader& loader) {
      std::vector<float> image = augmented(loader, data, {0}, step);
      for (float& value : image) value = std::round(value);
      return image;
    };
    CHECK(rounded(plain) == reference(data, 0, 0, 0, false));
    const auto flipped = rounded(flip_only);
    CHECK(
        (flipped == reference(data, 0, 0, 0, false) || flipped == reference(data, 0, 0, 0, true)));
    // Not mirrored: within a row the bytes grow from left to right wherever they are not padding.
    const auto cropped = rounded(crop_only);
    for (std::size_t i = 0; i + 1 < cropped.size(); ++i) {
      const bool same_row = i % 4 != 3 && cropped[i] > 0 && cropped[i + 1] > 0;
      if (same_row) CHECK(cropped[i + 1] > cropped[i]);
    }
  }
}

}  // namespace
}  // namespace bnn
