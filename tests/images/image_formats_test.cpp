// WebP, TIFF, GIF and BMP images, and images stored turned, against pixels that the tests write.

#include <tiffio.h>

#include <catch2/catch.hpp>

#include "bnn/core/error.h"
#include "bnn/images/image_extent.h"
#include "bnn/images/image_file.h"
#include "bnn/images/orientation.h"
#include "support/image_files.h"
#include "support/other_image_files.h"

namespace bnn::testing {
namespace {

constexpr int kHeight = 5, kWidth = 7;

Image decode_bytes(const Bytes& bytes) {
  return decode_image(std::as_bytes(std::span(bytes)), "an image");
}

std::string problem_of(const Bytes& bytes) {
  try {
    decode_bytes(bytes);
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::data);
    return error.what();
  }
  return "";
}

Bytes samples_of(int channels) {
  Bytes bytes;
  for (int i = 0; i < kHeight * kWidth * channels; ++i) {
    bytes.push_back(static_cast<std::uint8_t>(37 * i + i / 11));
  }
  return bytes;
}

Bytes with_alpha(const Bytes& colours, std::uint8_t alpha) {
  Bytes out;
  for (std::size_t i = 0; i < colours.size(); i += 3) {
    out.insert(out.end(), {colours[i], colours[i + 1], colours[i + 2], alpha});
  }
  return out;
}

// However a file is cut, it is refused, or what is missing does not matter.
void check_every_cut(const Bytes& file) {
  const Image whole = decode_bytes(file);
  for (std::size_t size = 0; size < file.size(); ++size) {
    CAPTURE(size, file.size(), file[0]);
    const Bytes cut(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(size));
    try {
      const Image image = decode_bytes(cut);
      CHECK(image.bytes == whole.bytes);
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::data);
    }
  }
}

const std::vector<std::array<std::uint8_t, 3>> kPalette = {
    {1, 2, 3}, {40, 50, 60}, {255, 0, 128}, {7, 200, 9}};

Bytes indices(int count) {
  Bytes bytes;
  for (int i = 0; i < count; ++i) bytes.push_back(static_cast<std::uint8_t>((i * 3 + i / 7) % 4));
  return bytes;
}

Bytes colours_of(const Bytes& pixels) {
  Bytes out;
  for (const std::uint8_t index : pixels) {
    out.insert(out.end(), kPalette[index].begin(), kPalette[index].end());
  }
  return out;
}

}  // namespace

TEST_CASE("WebP images come back as they were written, over white where they are transparent") {
  const Bytes colours = samples_of(3);
  const Image image = decode_bytes(webp_bytes(kHeight, kWidth, with_alpha(colours, 255)));
  CHECK(image.shape() == Shape{kHeight, kWidth, 3});
  CHECK(image.bytes == colours);
  const Image half = decode_bytes(webp_bytes(1, 2, {100, 0, 255, 128, 9, 9, 9, 0}));
  CHECK(half.bytes == Bytes{177, 127, 255, 255, 255, 255});
}

TEST_CASE("TIFF images come back as they were written, grey and colour, plain and compressed") {
  for (const int compression : {COMPRESSION_NONE, COMPRESSION_LZW, COMPRESSION_ADOBE_DEFLATE}) {
    for (const int channels : {1, 3}) {
      const Bytes samples = samples_of(channels);
      const Image image = decode_bytes(tiff_bytes(
          {.height = kHeight, .width = kWidth, .samples = channels, .compression = compression},
          samples));
      CHECK(image.shape() == Shape{kHeight, kWidth, channels});
      CHECK(image.bytes == samples);
    }
  }
  // Native byte order: 0x1212 and 0xabab, 257 times the byte.
  const Bytes pixel = {0x12, 0x12, 0xab, 0xab};
  CHECK(
      decode_bytes(tiff_bytes({.height = 1, .width = 2, .samples = 1, .bits = 16}, pixel)).bytes ==
      Bytes{0x12, 0xab});
  const Image over_white =
      decode_bytes(tiff_bytes({.height = 1, .width = 2, .samples = 4}, {1, 2, 3, 255, 9, 9, 9, 0}));
  CHECK(over_white.bytes == Bytes{1, 2, 3, 255, 255, 255});
}

TEST_CASE("a TIFF image of floats is refused by its kind") {
  const Bytes file =
      tiff_bytes({.height = 1, .width = 1, .samples = 1, .bits = 32, .is_float = true}, Bytes(4));
  CHECK_THAT(problem_of(file), Catch::Matchers::Contains("this kind of TIFF image is not read"));
}

TEST_CASE("GIF images give their first frame on a white screen") {
  for (const bool interlaced : {false, true}) {
    const Bytes pixels = indices(19 * 7);
    const Image image = decode_bytes(gif_bytes(
        {.height = 19, .width = 7, .interlaced = interlaced, .frames = 2}, kPalette, pixels));
    CHECK(image.shape() == Shape{19, 7, 3});
    CHECK(image.bytes == colours_of(pixels));
  }
  const Image part = decode_bytes(gif_bytes(
      {.height = 2, .width = 3, .top = 1, .left = 1, .transparent = 2}, kPalette, {1, 2}));
  CHECK(part.shape() == Shape{2, 3, 3});
  Bytes expected(18, 255);
  expected[12] = 40, expected[13] = 50, expected[14] = 60;
  CHECK(part.bytes == expected);
}

TEST_CASE("BMP images come back as they were written") {
  const Bytes colours = samples_of(3);
  const Image image = decode_bytes(bmp_bytes(kHeight, kWidth, colours));
  CHECK(image.shape() == Shape{kHeight, kWidth, 3});
  CHECK(image.bytes == colours);
}

TEST_CASE("the fourth byte of a BMP pixel means nothing without a mask for alpha") {
  // 32 bits a pixel, a header of 40 bytes, one pixel: blue, green, red and a byte.
  Bytes file = bmp_bytes(1, 1, {10, 20, 30});
  file[28] = 32;
  file[54 + 3] = 7;
  CHECK(decode_bytes(file).bytes == Bytes{10, 20, 30});
}

TEST_CASE("files cut short are refused in every format") {
  check_every_cut(webp_bytes(kHeight, kWidth, with_alpha(samples_of(3), 255)));
  check_every_cut(tiff_bytes({.height = kHeight, .width = kWidth}, samples_of(3)));
  check_every_cut(tiff_bytes({.height = kHeight, .width = kWidth, .compression = COMPRESSION_LZW},
                             samples_of(3)));
  check_every_cut(gif_bytes({.height = 19, .width = 7, .frames = 2}, kPalette, indices(19 * 7)));
  check_every_cut(bmp_bytes(kHeight, kWidth, samples_of(3)));
  const Bytes bmp = bmp_bytes(kHeight, kWidth, samples_of(3));
  CHECK_THAT(problem_of(Bytes(bmp.begin(), bmp.end() - 4)),
             Catch::Matchers::Contains("ends too early"));
}

TEST_CASE("huge images are refused by their headers") {
  Bytes bmp = bmp_bytes(1, 1, {1, 2, 3});
  bmp[19] = bmp[23] = 1;  // 65537 x 65537
  bmp[20] = bmp[24] = 1;
  CHECK(!problem_of(bmp).empty());
  Bytes gif = gif_bytes({.height = 1, .width = 1}, kPalette, {1});
  gif[7] = gif[9] = 0xff;
  CHECK_THAT(problem_of(gif), Catch::Matchers::Contains("more than the 64000000 that are read"));
}

TEST_CASE("images stored turned come back upright, all eight ways in every format") {
  const Bytes grey = samples_of(1), colours = samples_of(3);
  for (int orientation = 1; orientation <= 8; ++orientation) {
    CAPTURE(orientation);
    const bool is_lying = orientation >= 5;
    const int height = is_lying ? kWidth : kHeight, width = is_lying ? kHeight : kWidth;
    const Bytes stored = stored_turned(colours, kHeight, kWidth, 3, orientation);
    const Bytes stored_grey = stored_turned(grey, kHeight, kWidth, 1, orientation);
    for (const bool big_endian : {false, true}) {
      const Bytes exif = exif_bytes(orientation, big_endian);
      const Image png =
          decode_bytes(png_with_exif(png_bytes({.height = height, .width = width}, stored), exif));
      CHECK(png.shape() == Shape{kHeight, kWidth, 3});
      CHECK(png.bytes == colours);
      CHECK(png.turned == (orientation > 1));
      const Image webp = decode_bytes(
          webp_with_exif(webp_bytes(height, width, with_alpha(stored, 255)), height, width, exif));
      CHECK(webp.shape() == Shape{kHeight, kWidth, 3});
      CHECK(webp.bytes == colours);
      // JPEG is lossy: the same as the decoded image without EXIF data, turned.
      const Bytes jpeg = jpeg_bytes(height, width, JpegColours::grey, stored_grey);
      const Image turned = decode_bytes(jpeg_with_exif(jpeg, exif));
      CHECK(turned.shape() == Shape{kHeight, kWidth, 1});
      CHECK(stored_turned(turned.bytes, kHeight, kWidth, 1, orientation) ==
            decode_bytes(jpeg).bytes);
    }
    const Image tiff = decode_bytes(
        tiff_bytes({.height = height, .width = width, .orientation = orientation}, stored));
    CHECK(tiff.shape() == Shape{kHeight, kWidth, 3});
    CHECK(tiff.bytes == colours);
  }
}

TEST_CASE("EXIF data that are damaged or say nothing leave the pixels alone") {
  const Bytes exif = exif_bytes(6, false);
  CHECK(exif_orientation(exif) == 6);
  for (std::size_t size = 0; size < exif.size(); ++size) {
    const int found = exif_orientation(std::span(exif).first(size));
    CHECK((found == 1 || found == 6));
  }
  for (std::size_t i = 0; i < exif.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      Bytes broken = exif;
      broken[i] = static_cast<std::uint8_t>(broken[i] ^ (1 << bit));
      const int found = exif_orientation(broken);
      CHECK((found >= 1 && found <= 8));
    }
  }
  CHECK(exif_orientation(exif_bytes(0, true)) == 1);
  CHECK(exif_orientation(exif_bytes(9, true)) == 1);
}

TEST_CASE("other formats are named") {
  const auto named = [](const std::string& head) {
    return problem_of(Bytes(head.begin(), head.end()));
  };
  CHECK_THAT(named(std::string("\0\0\0\x18", 4) + "ftypheic...."),
             Catch::Matchers::Contains("found a HEIC image or a film"));
  CHECK_THAT(named("8BPS........"), Catch::Matchers::Contains("found a Photoshop document"));
  CHECK_THAT(named("hello there you"), Catch::Matchers::Contains("found something else"));
  CHECK_THAT(named("RIFF"), Catch::Matchers::Contains("its first bytes only"));
}

TEST_CASE("images that follow each other are cut where each ends") {
  const Bytes colours = samples_of(3);
  const Bytes jpeg = jpeg_bytes(kHeight, kWidth, JpegColours::rgb, colours);
  const std::vector<Bytes> files = {
      png_bytes({.height = kHeight, .width = kWidth}, colours),
      jpeg,
      jpeg_bytes(kHeight, kWidth, JpegColours::rgb, colours, /*progressive=*/true),
      jpeg_with_exif(jpeg, exif_bytes(6, true)),
      webp_bytes(kHeight, kWidth, with_alpha(colours, 255)),
      gif_bytes({.height = 19, .width = 7, .interlaced = true, .transparent = 1, .frames = 3},
                kPalette, indices(19 * 7)),
      bmp_bytes(kHeight, kWidth, colours)};
  Bytes all;
  for (const Bytes& file : files) {
    CHECK(image_extent(std::as_bytes(std::span(file))) == file.size());
    all.insert(all.end(), file.begin(), file.end());
  }
  const auto images = split_images(std::as_bytes(std::span(all)), "all");
  REQUIRE(images.size() == files.size());
  for (std::size_t i = 0; i < files.size(); ++i) {
    CHECK(decode_image(images[i], "one").bytes == decode_bytes(files[i]).bytes);
  }
  for (const Bytes& file : files) {  // nothing reads beyond the end
    for (std::size_t size = 1; size < file.size(); ++size) {
      CHECK(image_extent(std::as_bytes(std::span(file)).first(size)) <= size);
    }
  }
}

TEST_CASE("an image whose header says that it has no bytes does not end before it begins") {
  Bytes empty(64, 0);  // a BMP of no size, no offset of the pixels and no rows
  empty[0] = 'B';
  empty[1] = 'M';
  CHECK(image_extent(std::as_bytes(std::span(empty))) == empty.size());
  CHECK(split_images(std::as_bytes(std::span(empty)), "empty").size() == 1);
}

TEST_CASE("the further images of a photograph that its index lists are part of it") {
  const Bytes first = jpeg_bytes(kHeight, kWidth, JpegColours::grey, samples_of(1));
  const Bytes second = jpeg_bytes(8, 8, JpegColours::grey, Bytes(64, 7));
  // APP2: "MPF\0", then a TIFF header and a directory with the list of images.
  Bytes index = {'M', 'P', 'F', 0, 'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1, 0xb0, 0x02, 0, 7};
  const std::size_t base = 6 + 4;  // of the header: after SOI, the mark, its length and "MPF\0"
  const auto put = [&](std::uint32_t value) {
    for (int shift = 24; shift >= 0; shift -= 8) {
      index.push_back(static_cast<std::uint8_t>(value >> shift));
    }
  };
  put(32);  // bytes of two entries
  put(26);  // where they lie
  put(0);   // no further directory
  const std::size_t whole = first.size() + 4 + index.size() + 32;
  for (const std::uint32_t number :
       {0u, static_cast<std::uint32_t>(whole), 0u, 0u, 0u,
        static_cast<std::uint32_t>(second.size()), static_cast<std::uint32_t>(whole - base), 0u}) {
    put(number);
  }
  Bytes photograph(first.begin(), first.begin() + 2);
  photograph.insert(photograph.end(), {0xff, 0xe2, 0, static_cast<std::uint8_t>(index.size() + 2)});
  photograph.insert(photograph.end(), index.begin(), index.end());
  photograph.insert(photograph.end(), first.begin() + 2, first.end());
  REQUIRE(photograph.size() == whole);
  photograph.insert(photograph.end(), second.begin(), second.end());
  CHECK(image_extent(std::as_bytes(std::span(photograph))) == photograph.size());
  Bytes two = photograph;
  two.insert(two.end(), photograph.begin(), photograph.end());
  CHECK(split_images(std::as_bytes(std::span(two)), "two").size() == 2);
}

}  // namespace bnn::testing
