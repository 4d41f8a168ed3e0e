#pragma once
// WebP, TIFF, GIF and BMP files for tests, made by the libraries' own encoders (BMP by hand), and
// images stored turned, as cameras do.

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "support/data_files.h"

namespace bnn::testing {

/// Lossless. @param samples red, green, blue and alpha of each pixel
Bytes webp_bytes(int height, int width, const Bytes& samples);

struct TiffSpec {
  int height = 0, width = 0;
  int samples = 3;  // 1 grey; 3 colour; 4 colour and alpha
  int bits = 8;
  int compression = 1;  // COMPRESSION_NONE
  int orientation = 1;
  bool is_float = false;
};
Bytes tiff_bytes(const TiffSpec& spec, const Bytes& rows);

struct GifSpec {
  int height = 0, width = 0;  // of the screen
  int top = 0, left = 0;      // of the frame, which ends with the screen
  bool interlaced = false;
  std::optional<int> transparent = {};
  int frames = 1;  // the others hold other pixels
};
/// @param pixels of the frame: indices into the palette
Bytes gif_bytes(const GifSpec& spec, const std::vector<std::array<std::uint8_t, 3>>& palette,
                const Bytes& pixels);

/// 24 bits a pixel, rows from the bottom. @param samples red, green, blue from the top
Bytes bmp_bytes(int height, int width, const Bytes& samples);

/// What EXIF data hold: a TIFF header and a directory with the orientation alone.
Bytes exif_bytes(int orientation, bool big_endian);
Bytes jpeg_with_exif(const Bytes& jpeg, const Bytes& exif);
Bytes png_with_exif(const Bytes& png, const Bytes& exif);
/// @param webp of webp_bytes
Bytes webp_with_exif(const Bytes& webp, int height, int width, const Bytes& exif);

/// The pixels of height x width x channels as a camera stores them for an orientation, after the
/// standard's table: on which side of the image the first row and the first column lie.
Bytes stored_turned(const Bytes& upright, int height, int width, int channels, int orientation);

}  // namespace bnn::testing
