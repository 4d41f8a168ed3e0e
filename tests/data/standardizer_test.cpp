#include "bnn/data/standardizer.h"

#include <catch2/catch.hpp>

namespace bnn {
namespace {

using Indices = std::vector<std::uint32_t>;

TEST_CASE("bytes are standardised per channel") {
  const Dataset data({1, 2, 2}, 10, {{0, 255, 51, 102}}, {{"a", 1}});
  const Standardizer standardizer({{0.5, 0.2}, {0.25, 2.0}});
  CHECK(standardizer.channels() == 2);
  std::vector<float> images(4);
  const Indices chosen = {0};
  standardizer.fill(data, chosen, images.data());
  CHECK(images[0] == Approx(-2.0));  // (0 - 0.5) / 0.25
  CHECK(images[1] == Approx(0.4));   // (1 - 0.2) / 2
  CHECK(images[2] == Approx(-1.2));  // (0.2 - 0.5) / 0.25
  CHECK(images[3] == Approx(0.1));   // (0.4 - 0.2) / 2
}

TEST_CASE("three channels are standardised each by its own numbers") {
  const Dataset data({1, 1, 3}, 10, {{51, 51, 51}}, {{"a", 1}});
  const Standardizer standardizer({{0.1, 0.3, 0.0}, {0.1, 0.05, 0.4}});
  std::vector<float> image(3);
  const Indices chosen = {0};
  standardizer.fill(data, chosen, image.data());
  CHECK(image[0] == Approx(1.0));   // (0.2 - 0.1) / 0.1
  CHECK(image[1] == Approx(-2.0));  // (0.2 - 0.3) / 0.05
  CHECK(image[2] == Approx(0.5));   // (0.2 - 0) / 0.4
}

TEST_CASE("chosen examples come in the order in which they are named") {
  for (const int channels : {1, 3, 4}) {
    const Shape shape{3, 5, channels};
    const std::size_t size = shape.size();
    RawImages raw;
    for (std::size_t i = 0; i < 12 * size; ++i) {
      raw.pixels.push_back(static_cast<std::uint8_t>(i * 7 % 251));
    }
    const Dataset data(shape, 10, std::move(raw), {{"a", 12}});
    const auto count = static_cast<std::size_t>(channels);
    const Standardizer standardizer(
        {std::vector<double>(count, 0.0), std::vector<double>(count, 1.0 / 255)});
    const Indices chosen = {11, 0, 11};
    std::vector<float> images(3 * size);
    standardizer.fill(data, chosen, images.data());
    for (std::size_t i = 0; i < images.size(); ++i) {
      CHECK(images[i] == Approx(data.image(chosen[i / size])[i % size]));
    }
  }
}

TEST_CASE("a negative stride reads pixels from right to left, and black is byte 0") {
  const std::vector<std::uint8_t> row = {1, 2, 3, 4, 5, 6};
  const Standardizer standardizer({{0, 0.5}, {1.0 / 255, 0.5}});
  std::vector<float> out(8);
  standardizer.convert(row.data() + 4, -2, 3, out.data());
  standardizer.fill_black(1, out.data() + 6);
  const std::vector<float> expected = {5, 6 / 127.5f - 1, 3, 4 / 127.5f - 1,
                                       1, 2 / 127.5f - 1, 0, -1};
  for (std::size_t i = 0; i < out.size(); ++i) CHECK(out[i] == Approx(expected[i]));
}

}  // namespace
}  // namespace bnn
