#include "bnn/corruption/corruption.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "bnn/core/error.h"

namespace bnn {
namespace {

using Pixels = std::vector<std::uint8_t>;

struct TestImage {
  int height, width, channels;
  Pixels bytes;

  ByteImage view() const { return {height, width, channels, bytes.data()}; }
};

TestImage constant_image(int height, int width, int channels, int value) {
  const auto size = static_cast<std::size_t>(height * width * channels);
  return {height, width, channels, Pixels(size, static_cast<std::uint8_t>(value))};
}

TestImage random_image(int height, int width, int channels, unsigned seed) {
  TestImage image = constant_image(height, width, channels, 0);
  std::mt19937 random(seed);
  for (std::uint8_t& byte : image.bytes) byte = static_cast<std::uint8_t>(random() % 256);
  return image;
}

// A long wave and a weaker one of a few pixels around grey, and a little noise: like a photograph,
// in that neighbours are alike. No byte is near 0 or 255.
TestImage natural_image(int side, int channels, unsigned seed) {
  TestImage image = constant_image(side, side, channels, 0);
  std::mt19937 random(seed);
  std::uniform_real_distribution<double> uniform;
  for (int c = 0; c < channels; ++c) {
    const double fy = uniform(random), fx = uniform(random), phase = 6 * uniform(random);
    for (int y = 0; y < side; ++y) {
      for (int x = 0; x < side; ++x) {
        const double at_long = 0.25 * (fy * y + fx * x) + phase, at_short = fx * y - fy * x;
        const double wave = 40 * std::sin(at_long) + 10 * std::sin(at_short) + 4 * uniform(random);
        const auto at = static_cast<std::size_t>((y * side + x) * channels + c);
        image.bytes[at] = static_cast<std::uint8_t>(100 + wave);
      }
    }
  }
  return image;
}

Pixels corrupted(const std::string& name, int severity, const TestImage& image,
                 std::uint32_t index = 0, std::uint64_t seed = 1) {
  Pixels out(image.bytes.size(), 77);
  corrupt_image(find_corruption(name), severity, seed, index, image.view(), out.data());
  return out;
}

double mean_of(const Pixels& bytes) {
  return std::accumulate(bytes.begin(), bytes.end(), 0.0) / static_cast<double>(bytes.size());
}

double variance_of(const Pixels& bytes) {
  const double mean = mean_of(bytes);
  double sum = 0;
  for (const std::uint8_t byte : bytes) sum += (byte - mean) * (byte - mean);
  return sum / static_cast<double>(bytes.size());
}

double squared_distance(const Pixels& a, const Pixels& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return sum;
}

double share_of(const Pixels& bytes, std::uint8_t value) {
  return static_cast<double>(std::count(bytes.begin(), bytes.end(), value)) /
         static_cast<double>(bytes.size());
}

// Two files of 5 and 3 images of 6 x 5 x 3.
Dataset two_files() {
  const Pixels bytes = random_image(6 * 8, 5, 3, 5).bytes;
  return Dataset({6, 5, 3}, 2, {{bytes.begin(), bytes.end()}}, {{"a", 5}, {"b", 3}});
}

TEST_CASE("corrupted bytes depend on seed, corruption, severity and place in the file alone") {
  const Dataset clean = two_files();
  for (const Corruption& corruption : corruptions()) {
    for (const int severity : {1, 5}) {
      CAPTURE(corruption.name, severity);
      Dataset expected = clean;
      for (std::uint32_t i = 0; i < 8; ++i) {
        corrupt_image(corruption, severity, 9, i < 5 ? i : i - 5, {6, 5, 3, clean.image(i).data()},
                      expected.writable_image(i).data());
      }
      for (const int threads : {1, 3}) {
        ThreadPool pool(threads);
        Dataset out = clean;
        const std::vector<std::uint32_t> order = {7, 0, 3, 1, 6, 2, 5, 4};
        corrupt_images(corruption, severity, 9, clean, order, pool, out);
        CHECK(std::ranges::equal(out.pixels(), expected.pixels()));
        // Those that are not chosen stay as they are.
        const std::vector<std::uint32_t> chosen = {6};
        out = clean;
        corrupt_images(corruption, severity, 9, clean, chosen, pool, out);
        for (std::size_t i = 0; i < 8; ++i) {
          const Dataset& source = i == 6 ? expected : clean;
          CHECK(std::ranges::equal(source.image(i), out.image(i)));
        }
      }
    }
  }
}

TEST_CASE("noise differs from image to image, by seed and by corruption") {
  const TestImage grey = constant_image(8, 8, 1, 128);
  for (const char* name : {"gaussian_noise", "shot_noise", "impulse_noise"}) {
    CAPTURE(name);
    const Pixels one = corrupted(name, 5, grey, 0, 1);
    CHECK(one == corrupted(name, 5, grey, 0, 1));
    CHECK(one != corrupted(name, 5, grey, 1, 1));
    CHECK(one != corrupted(name, 5, grey, 0, 2));
    CHECK(one != corrupted(name, 4, grey, 0, 1));
  }
}

TEST_CASE("gaussian noise on grey has the mean and the standard deviation of theory") {
  const TestImage grey = constant_image(200, 200, 1, 128);
  const double n = 40000;
  for (int severity = 1; severity <= kSeverities; ++severity) {
    const double deviation =
        255 * find_corruption("gaussian_noise").amounts[static_cast<std::size_t>(severity - 1)];
    const Pixels noisy = corrupted("gaussian_noise", severity, grey);
    CAPTURE(severity);
    CHECK(std::abs(mean_of(noisy) - 128) < 4 * deviation / std::sqrt(n));
    // Rounding adds 1/12. At severity 5 a byte is clamped from 2.27 deviations on.
    const double expected = deviation * deviation + 1.0 / 12;
    if (severity < 5) CHECK(variance_of(noisy) == Approx(expected).epsilon(0.03));
    if (severity == 5) CHECK(share_of(noisy, 255) == Approx(0.0120).margin(0.003));
  }
}

namespace {

// The mean of the bytes that a Poisson number of photons with this mean comes to, by its law.
double mean_of_poisson_bytes(double mean, double photons) {
  double probability = std::exp(-mean), sum = 0;
  for (int count = 0; count < 1000; ++count) {
    sum += probability * std::min(std::round(255 * count / photons), 255.0);
    probability *= mean / (count + 1);
  }
  return sum;
}

}  // namespace

TEST_CASE("shot noise has the mean of the image and a variance in proportion to it") {
  const double n = 40000;
  for (int severity = 1; severity <= kSeverities; ++severity) {
    const double photons =
        find_corruption("shot_noise").amounts[static_cast<std::size_t>(severity - 1)];
    for (const int value : {20, 40, 80}) {
      CAPTURE(severity, value);
      const Pixels noisy = corrupted("shot_noise", severity, constant_image(200, 200, 1, value));
      // Poisson: variance = mean in photons, and a photon is 255 / photons bytes.
      const double variance = 255.0 * value / photons;
      const double mean = mean_of_poisson_bytes(photons * value / 255, photons);
      CHECK(std::abs(mean_of(noisy) - mean) < 4 * std::sqrt(variance / n));
      CHECK(variance_of(noisy) == Approx(variance + 1.0 / 12).epsilon(0.05));
      // The probability of no photon at all.
      const double none = std::exp(-photons * value / 255);
      CHECK(std::abs(share_of(noisy, 0) - none) < 4 * std::sqrt(none / n) + 1e-4);
    }
  }
  CHECK(corrupted("shot_noise", 5, constant_image(9, 9, 1, 0)) == Pixels(81, 0));
}

TEST_CASE("impulse noise makes the stated share black or white and leaves the rest") {
  const TestImage grey = constant_image(200, 200, 1, 100);
  Pixels before(grey.bytes);
  for (int severity = 1; severity <= kSeverities; ++severity) {
    const double share =
        find_corruption("impulse_noise").amounts[static_cast<std::size_t>(severity - 1)];
    const Pixels noisy = corrupted("impulse_noise", severity, grey);
    CAPTURE(severity);
    const double margin = 4 * std::sqrt(share / 2 / 40000);
    CHECK(share_of(noisy, 0) == Approx(share / 2).margin(margin));
    CHECK(share_of(noisy, 255) == Approx(share / 2).margin(margin));
    CHECK(share_of(noisy, 100) == Approx(1 - share).margin(2 * margin));
    // What a lower severity hit, a higher one hits in the same way.
    bool nested = true;
    for (std::size_t i = 0; i < noisy.size(); ++i) {
      nested = nested && (before[i] == 100 || before[i] == noisy[i]);
    }
    CHECK(nested);
    before = noisy;
  }
}

TEST_CASE("brightness adds and clamps") {
  const TestImage image{1, 4, 1, {0, 100, 250, 255}};
  CHECK(corrupted("brightness", 1, image) == Pixels{13, 113, 255, 255});  // + 12.75
  CHECK(corrupted("brightness", 5, image) == Pixels{77, 177, 255, 255});  // + 76.5
}

TEST_CASE("contrast pulls towards the mean of each channel") {
  // Means 100 and 50.
  const TestImage image{1, 2, 2, {0, 40, 200, 60}};
  CHECK(corrupted("contrast", 1, image) == Pixels{25, 43, 175, 58});  // 0.75: 42.5 and 57.5
  CHECK(corrupted("contrast", 5, image) == Pixels{85, 49, 115, 52});  // 0.15: 48.5 and 51.5
}

TEST_CASE("saturation pulls towards grey and needs three channels") {
  const TestImage image{1, 1, 3, {200, 100, 50}};                    // grey: 124.2
  CHECK(corrupted("saturation", 2, image) == Pixels{162, 112, 87});  // half way
  CHECK(corrupted("saturation", 5, image) == Pixels{124, 124, 124});
  const Corruption& saturation = find_corruption("saturation");
  CHECK(saturation.fits({4, 4, 3}));
  CHECK_FALSE(saturation.fits({4, 4, 1}));
  CHECK_FALSE(saturation.fits({4, 4, 4}));
  CHECK(find_corruption("brightness").fits({4, 4, 1}));
}

// The mean over a cell from an image of which each pixel is repeated until cells end at pixels.
Pixels naive_pixelate(const TestImage& image, double share) {
  const auto cells = [&](int pixels) {
    return std::max(1, static_cast<int>(std::floor(pixels * share + 0.5)));
  };
  const int rows = cells(image.height), columns = cells(image.width);
  Pixels out(image.bytes.size());
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x) {
      const int row = static_cast<int>((y + 0.5) * rows / image.height);
      const int column = static_cast<int>((x + 0.5) * columns / image.width);
      for (int c = 0; c < image.channels; ++c) {
        double sum = 0;
        for (int i = 0; i < image.height; ++i) {
          for (int j = 0; j < image.width; ++j) {
            const int source_y = (row * image.height + i) / rows;
            const int source_x = (column * image.width + j) / columns;
            sum += image.view().at(source_y, source_x, c);
          }
        }
        out[static_cast<std::size_t>((y * image.width + x) * image.channels + c)] =
            to_byte(sum / (image.height * image.width));
      }
    }
  }
  return out;
}

TEST_CASE("pixelate averages over fewer pixels, whose sizes need not be whole") {
  const std::array<double, kSeverities> amounts = find_corruption("pixelate").amounts;
  for (const auto& [height, width] : {std::pair{28, 28}, {7, 12}, {1, 9}, {2, 1}}) {
    const TestImage image = random_image(height, width, 2, 3);
    for (int severity = 1; severity <= kSeverities; ++severity) {
      CAPTURE(height, width, severity);
      const Pixels expected =
          naive_pixelate(image, amounts[static_cast<std::size_t>(severity - 1)]);
      const Pixels found = corrupted("pixelate", severity, image);
      // Sums in another order may round a half to the other side.
      for (std::size_t i = 0; i < found.size(); ++i) {
        CHECK(std::abs(int{found[i]} - int{expected[i]}) <= 1);
      }
      CHECK(squared_distance(found, expected) < 3);
    }
  }
}

Pixels naive_shift(const TestImage& image, int down, int right) {
  Pixels out;
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x) {
      const int row = std::min(std::max(y - down, 0), image.height - 1);
      const int column = std::min(std::max(x - right, 0), image.width - 1);
      for (int c = 0; c < image.channels; ++c) {
        out.push_back(static_cast<std::uint8_t>(image.view().at(row, column, c)));
      }
    }
  }
  return out;
}

TEST_CASE("translation shifts by whole pixels in one of eight directions") {
  for (const int side : {9, 64}) {
    const TestImage image = random_image(side, side + 2, 2, 4);
    const int scale = side == 64 ? 2 : 1;  // lengths grow with sides above 32
    for (int severity = 1; severity <= kSeverities; ++severity) {
      const int shift =
          scale * std::array<int, 5>{1, 2, 3, 4, 6}[static_cast<std::size_t>(severity - 1)];
      std::set<std::pair<int, int>> directions;
      for (std::uint32_t index = 0; index < 100; ++index) {
        const Pixels found = corrupted("translation", severity, image, index);
        for (int down = -1; down <= 1; ++down) {
          for (int right = -1; right <= 1; ++right) {
            if (found == naive_shift(image, down * shift, right * shift)) {
              directions.insert({down, right});
            }
          }
        }
      }
      CAPTURE(side, severity);
      CHECK(directions.size() == 8);
      CHECK(directions.count({0, 0}) == 0);
    }
  }
}

TEST_CASE("a higher severity moves images further away") {
  for (const Corruption& corruption : corruptions()) {
    for (const auto& [side, channels] : {std::pair{32, 3}, {28, 1}, {16, 1}}) {
      if (!corruption.fits({side, side, channels})) continue;
      double last = 0;
      for (int severity = 1; severity <= kSeverities; ++severity) {
        double distance = 0;
        for (unsigned i = 0; i < 30; ++i) {
          const TestImage image = natural_image(side, channels, i);
          distance += squared_distance(corrupted(std::string(corruption.name), severity, image, i),
                                       image.bytes);
        }
        CAPTURE(corruption.name, side, severity, last);
        CHECK(distance > 1.05 * last);
        last = distance;
      }
    }
  }
}

TEST_CASE("images of any size and number of channels can be corrupted") {
  for (const auto& [height, width] : {std::pair{1, 1}, {1, 5}, {3, 1}, {2, 3}, {40, 9}}) {
    for (const int channels : {1, 2, 3, 4}) {
      const TestImage image = random_image(height, width, channels, 8);
      for (const Corruption& corruption : corruptions()) {
        if (!corruption.fits({height, width, channels})) continue;
        for (int severity = 1; severity <= kSeverities; ++severity) {
          CAPTURE(height, width, channels, corruption.name, severity);
          const Pixels out = corrupted(std::string(corruption.name), severity, image);
          CHECK(out.size() == image.bytes.size());
        }
      }
    }
  }
  // One pixel has neither neighbours nor contrast.
  const TestImage pixel = random_image(1, 1, 3, 9);
  for (const char* name :
       {"gaussian_blur", "defocus_blur", "contrast", "pixelate", "translation"}) {
    CAPTURE(name);
    CHECK(corrupted(name, 5, pixel) == pixel.bytes);
  }
}

TEST_CASE("corruptions are found by their names") {
  std::set<std::string_view> names;
  std::set<std::uint32_t> streams;
  for (const Corruption& corruption : corruptions()) {
    CHECK(&find_corruption(corruption.name) == &corruption);
    names.insert(corruption.name);
    streams.insert(corruption.stream_index);
  }
  CHECK(names.size() == 11);
  CHECK(streams.size() == 11);
  CHECK_THROWS_WITH(find_corruption("fog"),
                    Catch::Contains("\"fog\"") && Catch::Contains("gaussian_noise, shot_noise"));
}

}  // namespace
}  // namespace bnn
