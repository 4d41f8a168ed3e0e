#include "bnn/images/image_file.h"

#include <algorithm>
#include <cctype>
#include <fmt/format.h>
#include <string_view>

#include "bnn/core/error.h"
#include "bnn/images/jpeg_image.h"
#include "bnn/images/png_image.h"

namespace bnn {
namespace {

constexpr std::size_t kMaxFileBytes = std::size_t{256} << 20;
constexpr std::string_view kPngHead = "\x89PNG\r\n\x1a\n";
constexpr std::string_view kJpegHead = "\xff\xd8\xff";

std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// What else people take for a PNG or JPEG image.
std::string guess(std::string_view head) {
  if (head.empty()) return "an empty file";
  if (kPngHead.starts_with(head) || kJpegHead.starts_with(head)) return "its first bytes only";
  if (head.starts_with("GIF8")) return "a GIF image";
  if (head.starts_with("BM")) return "a BMP image";
  if (head.starts_with("II*") || head.starts_with("MM")) return "a TIFF image";
  if (head.starts_with("RIFF") && head.substr(0, 12).ends_with("WEBP")) return "a WebP image";
  return "something else";
}

}  // namespace

ImageFormat image_format(std::span<const std::byte> head) {
  if (as_text(head).starts_with(kPngHead)) return ImageFormat::png;
  if (as_text(head).starts_with(kJpegHead)) return ImageFormat::jpeg;
  return ImageFormat::none;
}

bool has_image_name(const std::string& path) {
  std::string ending = path.substr(path.size() - std::min<std::size_t>(path.size(), 5));
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return ending.ends_with(".png") || ending.ends_with(".jpg") || ending.ends_with(".jpeg");
}

Image decode_image(std::span<const std::byte> bytes, const std::string& name) {
  const std::span<const std::uint8_t> octets(reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                             bytes.size());
  switch (image_format(bytes)) {
    case ImageFormat::png:
      return decode_png(octets, name);
    case ImageFormat::jpeg:
      return decode_jpeg(octets, name);
    case ImageFormat::none:
      break;
  }
  throw Error(ErrorKind::data, fmt::format("{}: expected a PNG or JPEG image, found {}", name,
                                           guess(as_text(bytes))));
}

Image read_image(InputFile& file) {
  return decode_image(file.read_rest(kMaxFileBytes), file.name());
}

Image read_image(const std::string& path) {
  InputFile file(path, ErrorKind::data);
  return read_image(file);
}

}  // namespace bnn
