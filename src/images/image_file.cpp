#include "bnn/images/image_file.h"

#include <algorithm>
#include <cctype>
#include <fmt/format.h>
#include <iterator>
#include <string_view>

#include "bnn/core/error.h"
#include "bnn/images/bmp_image.h"
#include "bnn/images/gif_image.h"
#include "bnn/images/jpeg_image.h"
#include "bnn/images/png_image.h"
#include "bnn/images/tiff_image.h"
#include "bnn/images/webp_image.h"

namespace bnn {
namespace {

// How files begin. A dot stands for any byte.
struct FileHead {
  std::string_view begin;
  ImageFormat format;
};
constexpr FileHead kImageHeads[] = {
    {"\x89PNG\r\n\x1a\n", ImageFormat::png},
    {"\xff\xd8\xff", ImageFormat::jpeg},
    {"RIFF....WEBP", ImageFormat::webp},
    {{"II*\0", 4}, ImageFormat::tiff},
    {{"MM\0*", 4}, ImageFormat::tiff},
    {"GIF87a", ImageFormat::gif},
    {"GIF89a", ImageFormat::gif},
    // The four bytes after the size are reserved, and the offset of the pixels is below 65536.
    {{"BM....\0\0\0\0..", 12}, ImageFormat::bmp},
};

// What else people take for an image that can be read.
struct OtherHead {
  std::string_view begin, name;
};
constexpr OtherHead kOtherHeads[] = {
    {"....ftypavif", "an AVIF image"},
    {"....ftypavis", "an AVIF image"},
    {"....ftyp", "a HEIC image or a film"},
    {{"\0\0\0\x0cjP  ", 8}, "a JPEG 2000 image"},
    {{"\0\0\0\x0cJXL ", 8}, "a JPEG XL image"},
    {"\xff\x0a", "a JPEG XL image"},
    {{"\0\0\1\0", 4}, "an icon (ICO)"},
    {"8BPS", "a Photoshop document"},
    {{"II+\0", 4}, "a BigTIFF image"},
    {{"MM\0+", 4}, "a BigTIFF image"},
    {"P1", "a PBM image"},
    {"P4", "a PBM image"},
    {"P2", "a PGM image"},
    {"P5", "a PGM image"},
    {"P3", "a PPM image"},
    {"P6", "a PPM image"},
    {"<svg", "an SVG drawing"},
    {"<?xml", "XML, an SVG drawing perhaps"},
    {"%PDF", "a PDF document"},
    {"SIMPLE  =", "a FITS image"},
};

bool fits(std::string_view begin, std::string_view head) {
  return std::equal(begin.begin(), begin.end(), head.begin(),
                    [](char a, char b) { return a == '.' || a == b; });
}
bool begins(std::string_view head, std::string_view begin) {
  return head.size() >= begin.size() && fits(begin, head);
}

std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

ImageFormat image_format(std::span<const std::byte> head) {
  for (const FileHead& known : kImageHeads) {
    if (begins(as_text(head), known.begin)) return known.format;
  }
  return ImageFormat::none;
}

std::string other_kind(std::span<const std::byte> bytes) {
  const std::string_view head = as_text(bytes);
  if (head.empty()) return "an empty file";
  const auto is_cut = [&](const FileHead& known) {
    return head.size() < known.begin.size() && fits(head, known.begin);
  };
  if (std::any_of(std::begin(kImageHeads), std::end(kImageHeads), is_cut)) {
    return "its first bytes only";
  }
  for (const OtherHead& other : kOtherHeads) {
    if (begins(head, other.begin)) return std::string(other.name);
  }
  return "something else";
}

bool has_image_name(const std::string& path) {
  const std::size_t dot = path.rfind('.');
  if (dot == std::string::npos) return false;
  std::string ending = path.substr(dot + 1);
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  constexpr std::string_view kEndings[] = {"png", "jpg",  "jpeg", "webp",
                                           "tif", "tiff", "gif",  "bmp"};
  return std::find(std::begin(kEndings), std::end(kEndings), ending) != std::end(kEndings);
}

Image decode_image(std::span<const std::byte> bytes, const std::string& name) {
  const std::span<const std::uint8_t> octets(reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                             bytes.size());
  switch (image_format(bytes)) {
    case ImageFormat::png:
      return decode_png(octets, name);
    case ImageFormat::jpeg:
      return decode_jpeg(octets, name);
    case ImageFormat::webp:
      return decode_webp(octets, name);
    case ImageFormat::tiff:
      return decode_tiff(octets, name);
    case ImageFormat::gif:
      return decode_gif(octets, name);
    case ImageFormat::bmp:
      return decode_bmp(octets, name);
    case ImageFormat::none:
      break;
  }
  throw Error(ErrorKind::data, fmt::format("{}: expected an image ({}), found {}", name,
                                           kImageFormats, other_kind(bytes)));
}

Image read_image(InputFile& file) {
  return decode_image(file.read_rest(kMaxImageFileBytes), file.name());
}

Image read_image(const std::string& path) {
  InputFile file(path, ErrorKind::data);
  return read_image(file);
}

}  // namespace bnn
