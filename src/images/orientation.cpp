#include "bnn/images/orientation.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "bnn/images/byte_numbers.h"

namespace bnn {
namespace {

constexpr std::string_view kExifMark("Exif\0\0", 6);
constexpr std::uint32_t kOrientationTag = 0x0112;
constexpr std::size_t kEntryBytes = 12;  // tag, type, count, value

bool begins_with(std::span<const std::uint8_t> bytes, std::string_view text) {
  return bytes.size() >= text.size() &&
         std::equal(text.begin(), text.end(), bytes.begin(),
                    [](char c, std::uint8_t byte) { return static_cast<std::uint8_t>(c) == byte; });
}

// Where the pixel (row, column) of the upright image is stored, in an image of height x width.
std::pair<int, int> stored_place(int orientation, int height, int width, int row, int column) {
  const int last_row = height - 1, last_column = width - 1;
  switch (orientation) {
    case 2:
      return {row, last_column - column};
    case 3:
      return {last_row - row, last_column - column};
    case 4:
      return {last_row - row, column};
    case 5:
      return {column, row};
    case 6:
      return {last_row - column, row};
    case 7:
      return {last_row - column, last_column - row};
    case 8:
      return {column, last_column - row};
    default:
      return {row, column};
  }
}

}  // namespace

int exif_orientation(std::span<const std::uint8_t> exif) {
  if (begins_with(exif, kExifMark)) exif = exif.subspan(kExifMark.size());
  const bool little_endian = begins_with(exif, "II");
  if (!little_endian && !begins_with(exif, "MM")) return 1;
  const ByteNumbers numbers(exif, little_endian ? ByteOrder::little : ByteOrder::big);
  const std::size_t directory = numbers.read(4, 4);
  const std::uint32_t entries = numbers.read(directory, 2);
  for (std::uint32_t i = 0; i < entries; ++i) {
    const std::size_t entry = directory + 2 + i * kEntryBytes;
    if (numbers.read(entry, 2) != kOrientationTag) continue;
    const std::uint32_t value = numbers.read(entry + 8, 2);
    return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

Image upright(Image image, int orientation) {
  if (orientation <= 1 || orientation > 8) return image;
  const bool swaps_sides = orientation >= 5;
  Image result{swaps_sides ? image.width : image.height, swaps_sides ? image.height : image.width,
               image.channels, std::vector<std::uint8_t>(image.bytes.size()), true};
  const auto channels = static_cast<std::size_t>(image.channels);
  auto out = result.bytes.begin();
  for (int row = 0; row < result.height; ++row) {
    for (int column = 0; column < result.width; ++column) {
      const auto [from_row, from_column] =
          stored_place(orientation, image.height, image.width, row, column);
      const std::size_t pixel =
          static_cast<std::size_t>(from_row) * static_cast<std::size_t>(image.width) +
          static_cast<std::size_t>(from_column);
      out = std::copy_n(image.bytes.begin() + static_cast<std::ptrdiff_t>(pixel * channels),
                        channels, out);
    }
  }
  return result;
}

}  // namespace bnn
