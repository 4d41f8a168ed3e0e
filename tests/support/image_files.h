#pragma once
// image files for tests, made by the libraries' own encoders.

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "support/data_files.h"

namespace bnn::testing {

struct PngSpec {
  int height = 0, width = 0;
  int bits = 8;
  int colour = 2;  // 0 grey, 2 colour, 3 palette, 4 grey and alpha, 6 colour and alpha
  bool interlaced = false;
  std::vector<std::array<std::uint8_t, 3>> palette = {};
};

/// @param rows the packed samples of all rows, most significant byte first
Bytes png_bytes(const PngSpec& spec, const Bytes& rows);

enum class JpegColours { grey, rgb, cmyk };

/// @param samples as many a pixel as the colours have; cmyk as Adobe's programs store it, 255 for
/// no ink
Bytes jpeg_bytes(int height, int width, JpegColours colours, const Bytes& samples,
                 bool progressive = false);

/// Image `example` of the tiny runs (8 x 8 x 1) as a grey PNG.
Bytes pattern_png(int example, int pattern);

/// DIRECTORY/<class>/<example>.png with the images of a tiny run; classes are zero … nine.
void write_class_folders(const std::string& directory, int examples, int pattern);

}  // namespace bnn::testing
