#include "bnn/images/image_extent.h"

#include <algorithm>
#include <fmt/format.h>
#include <string_view>

#include "bnn/core/error.h"
#include "bnn/images/byte_numbers.h"
#include "bnn/images/image_file.h"
#include "bnn/images/tiff_extent.h"

namespace bnn {
namespace {

using Bytes = std::span<const std::uint8_t>;

bool stands_at(Bytes bytes, std::size_t at, std::string_view text) {
  return at <= bytes.size() && text.size() <= bytes.size() - at &&
         std::equal(text.begin(), text.end(), bytes.begin() + static_cast<std::ptrdiff_t>(at),
                    [](char c, std::uint8_t byte) { return static_cast<std::uint8_t>(c) == byte; });
}

// Chunks of a length, a type, contents and a checksum follow the eight bytes of the head.
std::size_t png_extent(Bytes bytes) {
  const ByteNumbers numbers(bytes, ByteOrder::big);
  std::size_t at = 8;
  while (at < bytes.size()) {
    const bool is_last = stands_at(bytes, at + 4, "IEND");
    at += std::size_t{12} + numbers.read(at, 4);
    if (is_last) break;
  }
  return at;
}

// The end of the last image that the index lists, counted from the beginning of the file.
// @param index where the index's TIFF header stands
std::size_t end_of_listed_images(Bytes bytes, std::size_t index) {
  constexpr std::uint32_t kEntriesTag = 0xb002;
  constexpr std::size_t kFieldBytes = 12, kEntryBytes = 16;
  const bool is_little = stands_at(bytes, index, "II");
  const ByteNumbers numbers(bytes, is_little ? ByteOrder::little : ByteOrder::big);
  const std::size_t directory = index + numbers.read(index + 4, 4);
  const std::uint32_t fields = numbers.read(directory, 2);
  std::size_t end = 0;
  for (std::uint32_t field = 0; field < fields; ++field) {
    const std::size_t at = directory + 2 + field * kFieldBytes;
    if (numbers.read(at, 2) != kEntriesTag) continue;
    const std::size_t entries = numbers.read(at + 4, 4) / kEntryBytes;
    const std::size_t first = index + numbers.read(at + 8, 4);
    for (std::size_t i = 0; i < std::min<std::size_t>(entries, 16); ++i) {
      const std::size_t entry = first + i * kEntryBytes;
      const std::uint32_t offset = numbers.read(entry + 8, 4);
      if (offset > 0) end = std::max<std::size_t>(end, index + offset + numbers.read(entry + 4, 4));
    }
  }
  return end;
}

// Segments of a mark and a length, and coded pixels, which have a mark FF 00 or FF D0 to D7 only
// for an FF among them and to begin anew.
std::size_t jpeg_extent(Bytes bytes) {
  constexpr std::uint8_t kEnd = 0xd9, kApp2 = 0xe2;
  const ByteNumbers numbers(bytes, ByteOrder::big);
  std::size_t at = 2, listed = 0;
  while (at + 1 < bytes.size()) {
    if (bytes[at] != 0xff) {  // coded pixels
      ++at;
      continue;
    }
    const std::uint8_t mark = bytes[at + 1];
    const bool is_alone = mark == 0 || mark == 1 || (mark >= 0xd0 && mark <= 0xd8);
    if (mark == kEnd) return std::max(at + 2, listed);
    if (mark == 0xff) {
      ++at;  // a filling byte
    } else if (is_alone) {
      at += 2;
    } else {
      if (mark == kApp2 && stands_at(bytes, at + 4, std::string_view("MPF\0", 4))) {
        listed = end_of_listed_images(bytes, at + 8);
      }
      at += std::size_t{2} + numbers.read(at + 2, 2);
    }
  }
  return bytes.size();
}

// After the head, blocks of 1 + n bytes up to an empty one.
std::size_t skip_gif_blocks(Bytes bytes, std::size_t at) {
  while (at < bytes.size() && bytes[at] != 0) at += std::size_t{1} + bytes[at];
  return at + 1;
}

std::size_t gif_palette_bytes(std::uint8_t flags) {
  return (flags & 0x80) == 0 ? 0 : std::size_t{3} << ((flags & 7) + 1);
}

std::size_t gif_extent(Bytes bytes) {
  constexpr std::size_t kHead = 13, kScreenFlags = 10, kFrameHead = 10;
  constexpr std::uint8_t kExtension = 0x21, kFrame = 0x2c;
  if (bytes.size() < kHead) return bytes.size();
  std::size_t at = kHead + gif_palette_bytes(bytes[kScreenFlags]);
  while (at < bytes.size()) {
    if (bytes[at] == kExtension) {
      at = skip_gif_blocks(bytes, at + 2);
    } else if (bytes[at] == kFrame && at + kFrameHead < bytes.size()) {
      at = skip_gif_blocks(bytes,
                           at + kFrameHead + gif_palette_bytes(bytes[at + kFrameHead - 1]) + 1);
    } else {
      return at + 1;  // the trailer, or what is none of a GIF
    }
  }
  return at;
}

// Of a BMP whose header leaves its size at 0: uncompressed pixels, rows of whole four bytes.
std::size_t bmp_extent(const ByteNumbers& numbers) {
  const std::size_t width = numbers.read(18, 4), bits = numbers.read(28, 2);
  const auto height = static_cast<std::int32_t>(numbers.read(22, 4));
  const std::size_t row = (width * bits + 31) / 32 * 4;
  return numbers.read(10, 4) + row * static_cast<std::size_t>(std::abs(std::int64_t{height}));
}

std::size_t extent_of(Bytes bytes, ImageFormat format) {
  const ByteNumbers numbers(bytes, ByteOrder::little);
  switch (format) {
    case ImageFormat::png:
      return png_extent(bytes);
    case ImageFormat::jpeg:
      return jpeg_extent(bytes);
    case ImageFormat::gif:
      return gif_extent(bytes);
    case ImageFormat::webp: {
      const std::size_t size = numbers.read(4, 4);
      return 8 + size + size % 2;
    }
    case ImageFormat::bmp: {
      const std::size_t size = numbers.read(2, 4);
      return size == 0 ? bmp_extent(numbers) : size;
    }
    case ImageFormat::tiff:
      return tiff_extent(bytes);
    case ImageFormat::none:
      break;
  }
  return bytes.size();
}

}  // namespace

std::size_t image_extent(std::span<const std::byte> bytes) {
  const Bytes octets(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  const std::size_t extent = extent_of(octets, image_format(bytes));
  return extent == 0 ? bytes.size() : std::min(extent, bytes.size());
}

std::vector<std::span<const std::byte>> split_images(std::span<const std::byte> bytes,
                                                     const std::string& name) {
  std::vector<std::span<const std::byte>> images;
  while (images.empty() || image_format(bytes) != ImageFormat::none) {
    const std::size_t size = image_extent(bytes);
    images.push_back(bytes.first(size));
    bytes = bytes.subspan(size);
  }
  const bool is_padding =
      std::all_of(bytes.begin(), bytes.end(), [](std::byte byte) { return byte == std::byte{0}; });
  if (is_padding) return images;
  throw Error(
      ErrorKind::data,
      fmt::format("{}: after {} {} come {} bytes that are no image ({}); to predict files of "
                  "other kinds, name them",
                  name, images.size(), images.size() == 1 ? "image" : "images", bytes.size(),
                  kImageFormats));
}

}  // namespace bnn
