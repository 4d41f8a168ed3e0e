#include "support/other_image_files.h"

#include <algorithm>
#include <fstream>
#include <gif_lib.h>
#include <iterator>
#include <tiffio.h>
#include <webp/encode.h>
#include <zlib.h>

#include "support/temporary_directory.h"

namespace bnn::testing {
namespace {

void append_number(Bytes& bytes, std::uint32_t value, int size, bool big_endian = false) {
  for (int i = 0; i < size; ++i) {
    bytes.push_back(static_cast<std::uint8_t>(value >> (8 * (big_endian ? size - 1 - i : i))));
  }
}

void append_text(Bytes& bytes, const std::string& text) {
  bytes.insert(bytes.end(), text.begin(), text.end());
}

void append_bytes(Bytes& bytes, const Bytes& more) {
  bytes.insert(bytes.end(), more.begin(), more.end());
}

int append_gif(GifFileType* gif, const GifByteType* bytes, int count) {
  auto* out = static_cast<Bytes*>(gif->UserData);
  out->insert(out->end(), bytes, bytes + count);
  return count;
}

}  // namespace

Bytes webp_bytes(int height, int width, const Bytes& samples) {
  std::uint8_t* out = nullptr;
  WebPPicture picture;
  WebPConfig config;
  WebPConfigInit(&config);
  WebPConfigLosslessPreset(&config, 6);
  config.exact = 1;  // colours of transparent pixels stay
  WebPPictureInit(&picture);
  picture.use_argb = 1;
  picture.width = width;
  picture.height = height;
  WebPMemoryWriter writer;
  WebPMemoryWriterInit(&writer);
  picture.writer = WebPMemoryWrite;
  picture.custom_ptr = &writer;
  WebPPictureImportRGBA(&picture, samples.data(), 4 * width);
  WebPEncode(&config, &picture);
  out = writer.mem;
  const Bytes bytes(out, out + writer.size);
  WebPMemoryWriterClear(&writer);
  WebPPictureFree(&picture);
  return bytes;
}

Bytes tiff_bytes(const TiffSpec& spec, const Bytes& rows) {
  const TemporaryDirectory directory;
  const std::string path = directory.path() + "/image.tif";
  TIFF* tiff = TIFFOpen(path.c_str(), "w");
  TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, spec.width);
  TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, spec.height);
  TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, spec.samples);
  TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, spec.bits);
  TIFFSetField(tiff, TIFFTAG_ORIENTATION, spec.orientation);
  TIFFSetField(tiff, TIFFTAG_COMPRESSION, spec.compression);
  TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
  TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC,
               spec.samples == 1 ? PHOTOMETRIC_MINISBLACK : PHOTOMETRIC_RGB);
  if (spec.is_float) TIFFSetField(tiff, TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_IEEEFP);
  if (spec.samples == 4) {
    const std::uint16_t kinds[] = {EXTRASAMPLE_UNASSALPHA};
    TIFFSetField(tiff, TIFFTAG_EXTRASAMPLES, 1, kinds);
  }
  Bytes copy = rows;
  const std::size_t row_bytes = rows.size() / static_cast<std::size_t>(spec.height);
  for (int y = 0; y < spec.height; ++y) {
    TIFFWriteScanline(tiff, copy.data() + static_cast<std::size_t>(y) * row_bytes,
                      static_cast<std::uint32_t>(y), 0);
  }
  TIFFClose(tiff);
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

Bytes gif_bytes(const GifSpec& spec, const std::vector<std::array<std::uint8_t, 3>>& palette,
                const Bytes& pixels) {
  Bytes out;
  int error = 0;
  GifFileType* gif = EGifOpen(&out, append_gif, &error);
  int colours = 2;
  while (colours < static_cast<int>(palette.size())) colours *= 2;
  ColorMapObject* map = GifMakeMapObject(colours, nullptr);
  for (std::size_t i = 0; i < palette.size(); ++i) {
    map->Colors[i] = {palette[i][0], palette[i][1], palette[i][2]};
  }
  EGifSetGifVersion(gif, true);
  EGifPutScreenDesc(gif, spec.width, spec.height, 8, 0, map);
  const int height = spec.height - spec.top, width = spec.width - spec.left;
  for (int frame = 0; frame < spec.frames; ++frame) {
    if (spec.transparent) {
      GraphicsControlBlock control{0, false, 0, *spec.transparent};
      GifByteType block[4];
      EGifGCBToExtension(&control, block);
      EGifPutExtension(gif, GRAPHICS_EXT_FUNC_CODE, 4, block);
    }
    EGifPutImageDesc(gif, spec.left, spec.top, width, height, spec.interlaced, nullptr);
    const auto put = [&](int first, int step) {
      for (int y = first; y < height; y += step) {
        Bytes row(pixels.begin() + y * width, pixels.begin() + (y + 1) * width);
        if (frame > 0) std::fill(row.begin(), row.end(), std::uint8_t{0});
        EGifPutLine(gif, row.data(), width);
      }
    };
    if (spec.interlaced) {
      put(0, 8);
      put(4, 8);
      put(2, 4);
      put(1, 2);
    } else {
      put(0, 1);
    }
  }
  EGifCloseFile(gif, &error);
  GifFreeMapObject(map);
  return out;
}

Bytes bmp_bytes(int height, int width, const Bytes& samples) {
  const int row_bytes = (3 * width + 3) / 4 * 4;
  Bytes out = {'B', 'M'};
  append_number(out, static_cast<std::uint32_t>(54 + row_bytes * height), 4);
  append_number(out, 0, 4);
  append_number(out, 54, 4);
  append_number(out, 40, 4);
  append_number(out, static_cast<std::uint32_t>(width), 4);
  append_number(out, static_cast<std::uint32_t>(height), 4);
  append_number(out, 1, 2);
  append_number(out, 24, 2);
  for (int i = 0; i < 6; ++i) append_number(out, 0, 4);
  for (int y = height; y-- > 0;) {
    for (int x = 0; x < width; ++x) {
      const std::size_t pixel = static_cast<std::size_t>(3 * (y * width + x));
      for (std::size_t c = 3; c-- > 0;) out.push_back(samples[pixel + c]);
    }
    for (int i = 3 * width; i < row_bytes; ++i) out.push_back(0);
  }
  return out;
}

Bytes exif_bytes(int orientation, bool big_endian) {
  Bytes out;
  append_text(out, big_endian ? "MM" : "II");
  append_number(out, 42, 2, big_endian);
  append_number(out, 8, 4, big_endian);       // where the directory lies
  append_number(out, 2, 2, big_endian);       // its entries
  append_number(out, 0x0100, 2, big_endian);  // a width, that nobody asks for
  append_number(out, 4, 2, big_endian);
  append_number(out, 1, 4, big_endian);
  append_number(out, 7, 4, big_endian);
  append_number(out, 0x0112, 2, big_endian);
  append_number(out, 3, 2, big_endian);
  append_number(out, 1, 4, big_endian);
  append_number(out, static_cast<std::uint32_t>(orientation), 2, big_endian);
  append_number(out, 0, 2);
  append_number(out, 0, 4);  // no further directory
  return out;
}

Bytes jpeg_with_exif(const Bytes& jpeg, const Bytes& exif) {
  Bytes out(jpeg.begin(), jpeg.begin() + 2);
  append_number(out, 0xffe1, 2, true);
  append_number(out, static_cast<std::uint32_t>(2 + 6 + exif.size()), 2, true);
  append_bytes(out, {'E', 'x', 'i', 'f', 0, 0});
  append_bytes(out, exif);
  out.insert(out.end(), jpeg.begin() + 2, jpeg.end());
  return out;
}

Bytes png_with_exif(const Bytes& png, const Bytes& exif) {
  Bytes chunk = {'e', 'X', 'I', 'f'};
  append_bytes(chunk, exif);
  constexpr std::ptrdiff_t kEndBytes = 12;  // the last chunk
  Bytes out(png.begin(), png.end() - kEndBytes);
  append_number(out, static_cast<std::uint32_t>(exif.size()), 4, true);
  append_bytes(out, chunk);
  append_number(
      out, static_cast<std::uint32_t>(crc32(0, chunk.data(), static_cast<unsigned>(chunk.size()))),
      4, true);
  out.insert(out.end(), png.end() - kEndBytes, png.end());
  return out;
}

Bytes webp_with_exif(const Bytes& webp, int height, int width, const Bytes& exif) {
  Bytes body;
  append_text(body, "WEBPVP8X");
  append_number(body, 10, 4);
  append_number(body, 0x18, 4);  // has EXIF data and alpha
  append_number(body, static_cast<std::uint32_t>(width - 1), 3);
  append_number(body, static_cast<std::uint32_t>(height - 1), 3);
  body.insert(body.end(), webp.begin() + 12, webp.end());
  append_text(body, "EXIF");
  append_number(body, static_cast<std::uint32_t>(exif.size()), 4);
  append_bytes(body, exif);
  if (exif.size() % 2 == 1) body.push_back(0);
  Bytes out;
  append_text(out, "RIFF");
  append_number(out, static_cast<std::uint32_t>(body.size()), 4);
  append_bytes(out, body);
  return out;
}

Bytes stored_turned(const Bytes& upright, int height, int width, int channels, int orientation) {
  // EXIF 2.32: the side of the image at which the 0th row lies, and the 0th column.
  struct Sides {
    char row, column;
  };
  constexpr Sides kSides[] = {{'t', 'l'}, {'t', 'r'}, {'b', 'r'}, {'b', 'l'},
                              {'l', 't'}, {'r', 't'}, {'r', 'b'}, {'l', 'b'}};
  const Sides sides = kSides[orientation - 1];
  const bool rows_run_across = sides.row == 'l' || sides.row == 'r';
  const int rows = rows_run_across ? width : height, columns = rows_run_across ? height : width;
  Bytes out;
  for (int r = 0; r < rows; ++r) {
    for (int c = 0; c < columns; ++c) {
      int y = 0, x = 0;
      for (const auto& [side, distance] : {std::pair{sides.row, r}, std::pair{sides.column, c}}) {
        if (side == 't') y = distance;
        if (side == 'b') y = height - 1 - distance;
        if (side == 'l') x = distance;
        if (side == 'r') x = width - 1 - distance;
      }
      const auto pixel = upright.begin() + (y * width + x) * channels;
      out.insert(out.end(), pixel, pixel + channels);
    }
  }
  return out;
}

}  // namespace bnn::testing
