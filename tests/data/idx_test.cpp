#include "bnn/data/idx.h"

#include <catch2/catch.hpp>

#include "bnn/core/error.h"
#include "support/data_files.h"
#include "support/temporary_directory.h"

namespace bnn {
namespace {

using Catch::Matchers::Contains;
using testing::Bytes;
using testing::idx_header;
using testing::TemporaryDirectory;
using testing::write_bytes;

const LabelRange kTen{10, "the model has 10 outputs"};

// A directory with a pair of files, each of which a test may spoil.
struct Pair {
  TemporaryDirectory directory;
  std::string images = directory.file("images");
  std::string labels = directory.file("labels");

  Pair(const Bytes& image_bytes, const Bytes& label_bytes, bool gzip = false) {
    write_bytes(images, image_bytes, gzip);
    write_bytes(labels, label_bytes, gzip);
  }

  RawImages load(const Shape& shape) const {
    RawImages raw;
    const std::size_t count = append_idx(images, labels, kTen, shape, raw);
    CHECK(raw.pixels.size() == count * shape.size());
    CHECK(raw.labels.size() == count);
    return raw;
  }

  std::string problem(const Shape& shape) const {
    try {
      load(shape);
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::data);
      return error.what();
    }
    return "";
  }
};

Bytes joined(Bytes first, const Bytes& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

// Two images of 2 x 3 pixels.
const Bytes kImages = {0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2,  0,  0,
                       0, 3, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
const Bytes kLabels = {0, 0, 8, 1, 0, 0, 0, 2, 9, 0};

TEST_CASE("an idx pair is read, compressed or not") {
  for (const bool gzip : {false, true}) {
    const RawImages data = Pair(kImages, kLabels, gzip).load({2, 3, 1});
    CHECK(data.pixels == ByteArray{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
    CHECK(data.labels == std::vector<int>{9, 0});
  }
}

TEST_CASE("idx images of four dimensions have channels last") {
  const Bytes images = joined(idx_header({1, 1, 2, 3}), {1, 2, 3, 4, 5, 6});
  const RawImages data = Pair(images, {0, 0, 8, 1, 0, 0, 0, 1, 4}).load({1, 2, 3});
  CHECK(data.pixels == ByteArray{1, 2, 3, 4, 5, 6});
  CHECK(data.labels == std::vector<int>{4});
}

TEST_CASE("idx images without labels are enough for prediction") {
  const Pair pair(kImages, {});
  RawImages data;
  CHECK(append_idx_images(InputFile(pair.images, ErrorKind::data), {2, 3, 1}, data) == 2);
  CHECK(data.pixels.size() == 12);
  CHECK(data.labels.empty());
}

TEST_CASE("a large compressed idx file is read to its end") {
  Bytes images = idx_header({3000, 28, 28});
  for (std::uint32_t i = 0; i < 3000 * 28 * 28; ++i) {
    images.push_back(static_cast<std::uint8_t>((i * 2654435761u) >> 24));
  }
  const RawImages data =
      Pair(images, joined(idx_header({3000}), Bytes(3000, 1)), true).load({28, 28, 1});
  CHECK(data.labels.size() == 3000);
  CHECK(std::equal(data.pixels.begin(), data.pixels.end(), images.begin() + 16, images.end()));
}

TEST_CASE("idx images must have the shape of the model's input") {
  const Pair pair(kImages, kLabels);
  CHECK(pair.problem({32, 32, 3}) ==
        pair.images + ": images are 2 x 3 x 1 but /model/input says 32 x 32 x 3");
  CHECK_THAT(pair.problem({3, 2, 1}), Contains("/model/input says 3 x 2 x 1"));
  CHECK_THAT(pair.problem({2, 3, 2}), Contains("/model/input says 2 x 3 x 2"));
}

TEST_CASE("idx headers of other kinds are refused with a sentence") {
  const Shape shape{2, 3, 1};
  CHECK_THAT(Pair(kLabels, kLabels).problem(shape),
             Contains("expected images (3 or 4 dimensions), found labels (1 dimension)"));
  CHECK_THAT(Pair(kImages, kImages).problem(shape),
             Contains("expected labels (1 dimension), found images (3 dimensions)"));
  CHECK_THAT(Pair(joined(idx_header({2, 6}), Bytes(12)), kLabels).problem(shape),
             Contains("found 2 dimensions"));
  CHECK_THAT(Pair(joined(idx_header({2, 2, 3}, 0x0d), Bytes(48)), kLabels).problem(shape),
             Contains("found 32-bit floating-point numbers"));
  CHECK_THAT(Pair(joined(idx_header({2, 2, 3}, 0x77), Bytes(48)), kLabels).problem(shape),
             Contains("unknown type 119"));
  CHECK_THAT(Pair(idx_header({0, 2, 3}), kLabels).problem(shape), Contains("holds no examples"));
  CHECK_THAT(Pair(testing::cifar10_bytes(1, 1), kLabels).problem(shape),
             Contains("does not begin with the header of an idx file"));
}

TEST_CASE("an idx pair cut at any byte is refused") {
  for (std::size_t size = 0; size < kImages.size(); ++size) {
    const Bytes cut(kImages.begin(), kImages.begin() + static_cast<std::ptrdiff_t>(size));
    for (const bool gzip : {false, true}) {
      const Pair pair(cut, kLabels, gzip);
      CHECK_THAT(pair.problem({2, 3, 1}), Contains(pair.images + ": "));
    }
  }
  for (std::size_t size = 0; size < kLabels.size(); ++size) {
    const Bytes cut(kLabels.begin(), kLabels.begin() + static_cast<std::ptrdiff_t>(size));
    const Pair pair(kImages, cut);
    CHECK_THAT(pair.problem({2, 3, 1}), Contains(pair.labels + ": "));
  }
}

TEST_CASE("bytes after the end of an idx file are refused") {
  for (const bool gzip : {false, true}) {
    CHECK_FALSE(Pair(joined(kImages, {0}), kLabels, gzip).problem({2, 3, 1}).empty());
    CHECK_FALSE(Pair(kImages, joined(kLabels, {0}), gzip).problem({2, 3, 1}).empty());
  }
}

TEST_CASE("idx labels must agree in number and lie in range") {
  CHECK_THAT(Pair(kImages, {0, 0, 8, 1, 0, 0, 0, 3, 0, 0, 0}).problem({2, 3, 1}),
             Contains("has 3 labels for the 2 images of "));
  const Pair pair(kImages, {0, 0, 8, 1, 0, 0, 0, 2, 0, 10});
  CHECK(pair.problem({2, 3, 1}) ==
        pair.labels +
            ": example 1: label 10 is out of range; expected 0 to 9 (the model has 10 outputs)");
}

TEST_CASE("a header that announces too much costs no memory") {
  // 2^32 - 1 images; 28 x 28 bytes each are more than three terabytes.
  const Bytes huge = joined(idx_header({0xFFFFFFFFu, 28, 28}), Bytes(100));
  CHECK_THAT(Pair(huge, kLabels).problem({28, 28, 1}),
             Contains("announces 3367254359296 bytes, the file has 116"));
  CHECK_THAT(Pair(huge, kLabels, true).problem({28, 28, 1}),
             Contains("announces 3367254359296 bytes, more than"));
  // 5.4 million images are below the limit, but are not there.
  const Bytes large = joined(idx_header({5'400'000, 28, 28}), Bytes(100));
  const Bytes labels = joined(idx_header({5'400'000}), Bytes(5'400'000));
  CHECK_THAT(Pair(large, labels, true).problem({28, 28, 1}),
             Contains("ends after 100 of the 4233600000 bytes"));
  const Bytes overflow = idx_header({0xFFFFFFFFu, 0x7FFFFFFFu, 0x7FFFFFFFu, 4});
  CHECK_THAT(Pair(overflow, kLabels).problem({0x7FFFFFFF, 0x7FFFFFFF, 4}),
             Contains("more than any file can hold"));
}

}  // namespace
}  // namespace bnn
