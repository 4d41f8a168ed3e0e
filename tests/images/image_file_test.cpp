// Decoding against pixels that the tests write, and every way in which a file can be broken.

#include "bnn/images/image_file.h"

#include <algorithm>
#include <sys/resource.h>
#include <zlib.h>

#include <catch2/catch.hpp>

#include "bnn/core/error.h"
#include "support/image_files.h"
#include "support/temporary_directory.h"

namespace bnn::testing {
namespace {

using Catch::Matchers::Contains;

Image decode(const Bytes& bytes) {
  return decode_image(std::as_bytes(std::span(bytes)), "an image");
}

std::string problem(const Bytes& bytes) {
  try {
    decode(bytes);
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::data);
    return error.what();
  }
  return "";
}

Bytes ramp(int count, int step = 1) {
  Bytes bytes;
  for (int i = 0; i < count; ++i) bytes.push_back(static_cast<std::uint8_t>(i * step));
  return bytes;
}

void put_number(Bytes& bytes, std::size_t at, std::uint32_t value) {
  for (std::size_t i = 0; i < 4; ++i) {
    bytes[at + i] = static_cast<std::uint8_t>(value >> (24 - 8 * i));
  }
}

// Changes the sizes in a PNG's header and mends its checksum.
Bytes with_sizes(Bytes png, std::uint32_t width, std::uint32_t height) {
  constexpr std::size_t kType = 12, kWidth = 16, kHeight = 20, kChecksum = 29;
  put_number(png, kWidth, width);
  put_number(png, kHeight, height);
  put_number(png, kChecksum,
             static_cast<std::uint32_t>(crc32(0, png.data() + kType, kChecksum - kType)));
  return png;
}

// Changes the sizes in a JPEG's frame header: FF C0 or FF C2, length, bits, height, width.
Bytes with_frame_sizes(Bytes jpeg, std::uint16_t width, std::uint16_t height) {
  for (std::size_t i = 0; i + 9 < jpeg.size(); ++i) {
    if (jpeg[i] != 0xff || (jpeg[i + 1] != 0xc0 && jpeg[i + 1] != 0xc2)) continue;
    jpeg[i + 5] = static_cast<std::uint8_t>(height >> 8);
    jpeg[i + 6] = static_cast<std::uint8_t>(height);
    jpeg[i + 7] = static_cast<std::uint8_t>(width >> 8);
    jpeg[i + 8] = static_cast<std::uint8_t>(width);
    return jpeg;
  }
  throw std::runtime_error("no frame header");
}

int largest_difference(const Bytes& a, const Bytes& b) {
  REQUIRE(a.size() == b.size());
  int largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::abs(a[i] - b[i]));
  return largest;
}

}  // namespace

TEST_CASE("PNG images of 8 bits come back as they were written, interlaced or not") {
  for (const bool interlaced : {false, true}) {
    const Bytes grey = ramp(5 * 7, 3), colour = ramp(5 * 7 * 3, 2);
    const Image g =
        decode(png_bytes({.height = 5, .width = 7, .colour = 0, .interlaced = interlaced}, grey));
    CHECK(g.shape() == Shape{5, 7, 1});
    CHECK(g.bytes == grey);
    const Image c = decode(png_bytes({.height = 5, .width = 7, .interlaced = interlaced}, colour));
    CHECK(c.shape() == Shape{5, 7, 3});
    CHECK(c.bytes == colour);
  }
}

TEST_CASE("PNG samples of 16 bits are scaled by 255 / 65535 and rounded") {
  // 0, 1/2 of 65535 rounded down, 128, 129 and 65535: 128 / 257 = 0.498, 129 / 257 = 0.502.
  const Bytes rows = {0, 0, 0x7f, 0xff, 0, 128, 0, 129, 0xff, 0xff};
  const Image image = decode(png_bytes({.height = 1, .width = 5, .bits = 16, .colour = 0}, rows));
  CHECK(image.bytes == Bytes{0, 127, 0, 1, 255});
  const Bytes pixel = {0x12, 0x12, 0xab, 0xab, 0xff, 0xff};  // 257 times the byte
  CHECK(decode(png_bytes({.height = 1, .width = 1, .bits = 16}, pixel)).bytes ==
        Bytes{0x12, 0xab, 0xff});
}

TEST_CASE("PNG samples of 1, 2 and 4 bits span black to white") {
  CHECK(decode(png_bytes({.height = 1, .width = 4, .bits = 1, .colour = 0}, {0xa0})).bytes ==
        Bytes{255, 0, 255, 0});
  CHECK(decode(png_bytes({.height = 1, .width = 4, .bits = 2, .colour = 0}, {0x1b})).bytes ==
        Bytes{0, 85, 170, 255});
  CHECK(decode(png_bytes({.height = 1, .width = 2, .bits = 4, .colour = 0}, {0x5f})).bytes ==
        Bytes{85, 255});
}

TEST_CASE("PNG palettes become colours") {
  PngSpec spec{.height = 1, .width = 4, .bits = 8, .colour = 3};
  spec.palette = {{1, 2, 3}, {40, 50, 60}, {255, 0, 128}};
  const Image image = decode(png_bytes(spec, {2, 0, 1, 2}));
  CHECK(image.channels == 3);
  CHECK(image.bytes == Bytes{255, 0, 128, 1, 2, 3, 40, 50, 60, 255, 0, 128});
}

TEST_CASE("what is transparent in a PNG is laid over white") {
  // (c a + 255 (255 - a)) / 255: opaque 10, nothing, and 100 at a = 128: (12800 + 32385) / 255.
  CHECK(
      decode(png_bytes({.height = 1, .width = 3, .colour = 4}, {10, 255, 10, 0, 100, 128})).bytes ==
      Bytes{10, 255, 177});
  const Image image =
      decode(png_bytes({.height = 1, .width = 2, .colour = 6}, {1, 2, 3, 255, 100, 0, 255, 128}));
  CHECK(image.channels == 3);
  CHECK(image.bytes == Bytes{1, 2, 3, 177, 127, 255});
}

TEST_CASE("JPEG images come back within rounding at quality 100") {
  for (const bool progressive : {false, true}) {
    const Bytes grey = ramp(16 * 16);
    const Image g = decode(jpeg_bytes(16, 16, JpegColours::grey, grey, progressive));
    CHECK(g.shape() == Shape{16, 16, 1});
    CHECK(largest_difference(g.bytes, grey) <= 2);
    Bytes flat;
    for (int i = 0; i < 9 * 10; ++i) flat.insert(flat.end(), {200, 60, 90});
    const Image c = decode(jpeg_bytes(9, 10, JpegColours::rgb, flat, progressive));
    CHECK(c.shape() == Shape{9, 10, 3});
    CHECK(largest_difference(c.bytes, flat) <= 3);
  }
}

TEST_CASE("the inks of a CMYK JPEG become colours") {
  Bytes inks;
  for (int i = 0; i < 64; ++i) inks.insert(inks.end(), {255, 128, 0, 200});
  const Image image = decode(jpeg_bytes(8, 8, JpegColours::cmyk, inks));
  Bytes expected;  // 255 * 200 / 255, 128 * 200 / 255, 0
  for (int i = 0; i < 64; ++i) expected.insert(expected.end(), {200, 100, 0});
  CHECK(image.shape() == Shape{8, 8, 3});
  CHECK(largest_difference(image.bytes, expected) <= 2);
}

TEST_CASE("an image that is cut off anywhere is refused") {
  const std::vector<Bytes> wholes = {
      png_bytes({.height = 6, .width = 5}, ramp(90, 7)),
      png_bytes({.height = 6, .width = 5, .colour = 0, .interlaced = true}, ramp(30, 7)),
      jpeg_bytes(9, 17, JpegColours::rgb, ramp(9 * 17 * 3, 5)),
      jpeg_bytes(9, 17, JpegColours::grey, ramp(9 * 17, 5), true)};
  for (const Bytes& whole : wholes) {
    REQUIRE(problem(whole).empty());
    for (std::size_t size = 0; size < whole.size(); ++size) {
      CAPTURE(size, whole.size());
      CHECK_FALSE(problem(Bytes(whole.begin(), whole.begin() + static_cast<long>(size))).empty());
    }
  }
}

TEST_CASE("a flipped bit in a PNG never gives other pixels") {
  const Bytes rows = ramp(90, 7);
  const Bytes whole = png_bytes({.height = 6, .width = 5}, rows);
  for (std::size_t at = 8; at < whole.size(); ++at) {
    Bytes broken = whole;
    broken[at] ^= 0x10;
    CAPTURE(at);
    CHECK_FALSE(problem(broken).empty());
  }
}

TEST_CASE("a flipped bit in a JPEG is refused or gives an image of the same size") {
  const Bytes whole = jpeg_bytes(9, 17, JpegColours::rgb, ramp(9 * 17 * 3, 5), true);
  for (std::size_t at = 0; at < whole.size(); ++at) {
    Bytes broken = whole;
    broken[at] ^= 0x08;
    try {
      const Image image = decode(broken);
      CHECK(image.bytes.size() == image.shape().size());
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::data);
    }
  }
}

TEST_CASE("a header that announces a gigapixel costs no memory") {
  const Bytes png = png_bytes({.height = 6, .width = 5}, ramp(90, 7));
  const Bytes jpeg = jpeg_bytes(8, 8, JpegColours::grey, ramp(64));
  rusage before = {}, after = {};
  getrusage(RUSAGE_SELF, &before);
  CHECK_THAT(problem(with_sizes(png, 40000, 40000)), Contains("40000 x 40000 pixels"));
  CHECK_THAT(problem(with_sizes(png, 0x7fffffff, 0x7fffffff)), Contains("2147483647"));
  CHECK_THAT(problem(with_sizes(png, 8000, 7000)), Contains("bytes can stand for"));
  CHECK_THAT(problem(with_sizes(png, 0, 5)), Contains("damaged"));
  CHECK_THAT(problem(with_frame_sizes(jpeg, 40000, 40000)),
             Contains("40000 x 40000 pixels") && Contains("that are read"));
  CHECK_THAT(problem(with_frame_sizes(jpeg, 8000, 7000)), Contains("bytes can stand for"));
  getrusage(RUSAGE_SELF, &after);
  CHECK(after.ru_maxrss - before.ru_maxrss < 8192);  // KiB
}

TEST_CASE("the format is told by the first bytes and other kinds are named") {
  const TemporaryDirectory folder;
  const Bytes grey = ramp(12);
  write_bytes(folder.file("a.jpg"), png_bytes({.height = 3, .width = 4, .colour = 0}, grey));
  CHECK(read_image(folder.file("a.jpg")).bytes == grey);
  const auto text = [](const std::string& bytes) { return Bytes(bytes.begin(), bytes.end()); };
  CHECK_THAT(problem({}), Contains("an empty file"));
  CHECK_THAT(problem(text("GIF89a")), Contains("the GIF image ends too early"));
  CHECK_THAT(problem(text("\x89PNG")), Contains("its first bytes only"));
  CHECK_THAT(problem(text("RIFF....WEBPVP8 ")), Contains("the WebP image ends too early"));
  CHECK_THAT(problem(text("hello")), Contains("something else"));
  CHECK(has_image_name("a/b.PNG"));
  CHECK(has_image_name("b.jpeg"));
  CHECK_FALSE(has_image_name("png"));
  CHECK_FALSE(has_image_name("b.bin"));
}

}  // namespace bnn::testing
