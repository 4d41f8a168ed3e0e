#include "support/image_files.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <jpeglib.h>
#include <png.h>

namespace bnn::testing {
namespace {

constexpr int kSide = 8;
const std::vector<std::string> kClassNames = {"zero", "one", "two",   "three", "four",
                                              "five", "six", "seven", "eight", "nine"};

void append(png_structp png, png_bytep bytes, std::size_t count) {
  auto* out = static_cast<Bytes*>(png_get_io_ptr(png));
  out->insert(out->end(), bytes, bytes + count);
}

}  // namespace

Bytes png_bytes(const PngSpec& spec, const Bytes& rows) {
  Bytes out;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  png_set_write_fn(png, &out, append, nullptr);
  png_set_IHDR(png, info, static_cast<png_uint_32>(spec.width),
               static_cast<png_uint_32>(spec.height), spec.bits, spec.colour,
               spec.interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE, 0, 0);
  std::vector<png_color> palette;
  for (const auto& [red, green, blue] : spec.palette) palette.push_back({red, green, blue});
  if (!palette.empty()) png_set_PLTE(png, info, palette.data(), static_cast<int>(palette.size()));
  png_write_info(png, info);
  const std::size_t row_bytes = png_get_rowbytes(png, info);
  const int passes = png_set_interlace_handling(png);
  for (int pass = 0; pass < passes; ++pass) {
    for (int y = 0; y < spec.height; ++y) {
      png_write_row(png, rows.data() + static_cast<std::size_t>(y) * row_bytes);
    }
  }
  png_write_end(png, nullptr);
  png_destroy_write_struct(&png, &info);
  return out;
}

Bytes jpeg_bytes(int height, int width, JpegColours colours, const Bytes& samples,
                 bool progressive) {
  jpeg_compress_struct info = {};
  jpeg_error_mgr errors = {};
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  unsigned char* buffer = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&info, &buffer, &size);
  info.image_height = static_cast<JDIMENSION>(height);
  info.image_width = static_cast<JDIMENSION>(width);
  info.input_components = colours == JpegColours::grey ? 1 : colours == JpegColours::rgb ? 3 : 4;
  info.in_color_space = colours == JpegColours::grey  ? JCS_GRAYSCALE
                        : colours == JpegColours::rgb ? JCS_RGB
                                                      : JCS_CMYK;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, 100, TRUE);
  if (progressive) jpeg_simple_progression(&info);
  jpeg_start_compress(&info, TRUE);
  const std::size_t row_bytes =
      static_cast<std::size_t>(width) * static_cast<std::size_t>(info.input_components);
  Bytes copy = samples;
  while (info.next_scanline < info.image_height) {
    JSAMPROW row = copy.data() + info.next_scanline * row_bytes;
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  const Bytes out(buffer, buffer + size);
  std::free(buffer);
  return out;
}

Bytes pattern_png(int example, int pattern) {
  Bytes rows;
  for (int pixel = 0; pixel < kSide * kSide; ++pixel) {
    rows.push_back(pattern_pixel(example, pattern, kSide, pixel / kSide, pixel % kSide, 0));
  }
  return png_bytes({.height = kSide, .width = kSide, .colour = 0}, rows);
}

void write_class_folders(const std::string& directory, int examples, int pattern) {
  for (int example = 0; example < examples; ++example) {
    const auto label = static_cast<std::size_t>(pattern_label(example, pattern));
    const std::string folder = directory + "/" + kClassNames[label];
    std::filesystem::create_directories(folder);
    write_bytes(folder + "/" + std::to_string(example) + ".png", pattern_png(example, pattern));
  }
}

}  // namespace bnn::testing
