#include <tiffio.h>

#include "seeds/seeds.h"
#include "support/image_files.h"
#include "support/other_image_files.h"

namespace bnn::fuzzing {
namespace {

using namespace testing;

Bytes noise(std::size_t size) {
  Bytes bytes;
  for (std::size_t i = 0; i < size; ++i) bytes.push_back(static_cast<std::uint8_t>(i * i * 37 + i));
  return bytes;
}

Bytes indices(std::size_t size, unsigned colours) {
  Bytes bytes;
  for (std::size_t i = 0; i < size; ++i) bytes.push_back(static_cast<std::uint8_t>(i % colours));
  return bytes;
}

void add_pngs(const AddSeed& add) {
  const std::size_t samples[] = {1, 0, 3, 1, 2, 0, 4};
  for (const int colour : {0, 2, 4, 6}) {
    for (const int bits : {8, 16}) {
      const std::size_t row = samples[colour] * static_cast<std::size_t>(5 * bits / 8);
      const PngSpec spec{
          .height = 3, .width = 5, .bits = bits, .colour = colour, .interlaced = bits == 16};
      add("png", png_bytes(spec, noise(3 * row)));
    }
  }
  add("png", png_bytes({.height = 4, .width = 8, .bits = 1, .colour = 0}, noise(4)));
  const PngSpec palette{.height = 4,
                        .width = 4,
                        .bits = 2,
                        .colour = 3,
                        .palette = {{255, 0, 0}, {0, 255, 0}, {0, 0, 255}, {9, 9, 9}}};
  add("png", png_bytes(palette, noise(4)));
  add("png", png_with_exif(pattern_png(1, 0), exif_bytes(6, true)));
}

void add_jpegs(const AddSeed& add) {
  const struct {
    JpegColours colours;
    std::size_t samples;
  } kinds[] = {{JpegColours::grey, 1}, {JpegColours::rgb, 3}, {JpegColours::cmyk, 4}};
  for (const auto& kind : kinds) {
    for (const bool progressive : {false, true}) {
      add("jpeg", jpeg_bytes(6, 9, kind.colours, noise(6 * 9 * kind.samples), progressive));
    }
  }
  const Bytes grey = jpeg_bytes(4, 4, JpegColours::grey, noise(16));
  add("jpeg", jpeg_with_exif(grey, exif_bytes(8, false)));
}

void add_tiffs(const AddSeed& add) {
  for (const int compression :
       {COMPRESSION_NONE, COMPRESSION_LZW, COMPRESSION_ADOBE_DEFLATE, COMPRESSION_PACKBITS}) {
    for (const int samples : {1, 3, 4}) {
      const TiffSpec spec{.height = 3,
                          .width = 4,
                          .samples = samples,
                          .compression = compression,
                          .orientation = samples * 2};
      add("tiff", tiff_bytes(spec, noise(static_cast<std::size_t>(12 * samples))));
    }
  }
  add("tiff", tiff_bytes({.height = 2, .width = 3, .samples = 1, .bits = 16}, noise(12)));
}

}  // namespace

void add_image_seeds(const AddSeed& add) {
  add_pngs(add);
  add_jpegs(add);
  add_tiffs(add);
  const Bytes webp = webp_bytes(4, 6, noise(96));
  add("webp", webp);
  add("webp", webp_with_exif(webp, 4, 6, exif_bytes(3, false)));
  const std::vector<std::array<std::uint8_t, 3>> palette = {
      {255, 0, 0}, {0, 255, 0}, {0, 0, 255}, {7, 8, 9}};
  add("gif", gif_bytes({.height = 4, .width = 5}, palette, indices(20, 4)));
  add("gif", gif_bytes({.height = 5,
                        .width = 5,
                        .top = 1,
                        .left = 2,
                        .interlaced = true,
                        .transparent = 1,
                        .frames = 2},
                       palette, indices(12, 4)));
  add("bmp", bmp_bytes(3, 5, noise(45)));
  for (int orientation = 1; orientation <= 8; ++orientation) {
    add("exif", exif_bytes(orientation, orientation % 2 == 0));
  }
}

}  // namespace bnn::fuzzing
