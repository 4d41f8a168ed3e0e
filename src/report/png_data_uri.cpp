#include "bnn/report/png_data_uri.h"

#include <algorithm>
#include <fmt/format.h>
#include <png.h>
#include <vector>

#include "bnn/core/error.h"

namespace bnn {
namespace {

constexpr std::size_t kMaxSide = 256;

struct Picture {
  std::size_t height = 0, width = 0, channels = 0;  // 1: grey, 3: red, green, blue
  std::vector<std::uint8_t> bytes = {};
};

// The mean of a block of pixels, over channels [first, end), rounded to the nearest byte.
std::uint8_t block_mean(const Shape& shape, std::span<const std::uint8_t> pixels, std::size_t top,
                        std::size_t left, std::size_t side, std::size_t first, std::size_t end) {
  const auto height = static_cast<std::size_t>(shape.height);
  const auto width = static_cast<std::size_t>(shape.width);
  const auto channels = static_cast<std::size_t>(shape.channels);
  std::size_t sum = 0, count = 0;
  for (std::size_t row = top; row < std::min(top + side, height); ++row) {
    for (std::size_t column = left; column < std::min(left + side, width); ++column) {
      for (std::size_t channel = first; channel < end; ++channel) {
        sum += pixels[(row * width + column) * channels + channel];
        ++count;
      }
    }
  }
  return static_cast<std::uint8_t>((sum + count / 2) / count);
}

Picture shown_picture(const Shape& shape, std::span<const std::uint8_t> pixels) {
  const auto height = static_cast<std::size_t>(shape.height);
  const auto width = static_cast<std::size_t>(shape.width);
  const auto channels = static_cast<std::size_t>(shape.channels);
  const bool colored = channels == 3 || channels == 4;
  const std::size_t side = (std::max(height, width) + kMaxSide - 1) / kMaxSide;
  Picture picture{(height + side - 1) / side, (width + side - 1) / side,
                  std::size_t{colored ? 3u : 1u}};
  picture.bytes.reserve(picture.height * picture.width * picture.channels);
  for (std::size_t row = 0; row < picture.height; ++row) {
    for (std::size_t column = 0; column < picture.width; ++column) {
      for (std::size_t channel = 0; channel < picture.channels; ++channel) {
        picture.bytes.push_back(block_mean(shape, pixels, row * side, column * side, side, channel,
                                           colored ? channel + 1 : channels));
      }
    }
  }
  return picture;
}

std::vector<std::uint8_t> encode_png(const Picture& picture) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(picture.width);
  image.height = static_cast<png_uint_32>(picture.height);
  image.format = picture.channels == 3 ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY;
  png_alloc_size_t size = 0;
  std::vector<std::uint8_t> file;
  // The first call measures, the second one writes.
  for (int pass = 0; pass < 2; ++pass) {
    file.resize(size);
    if (png_image_write_to_memory(&image, pass == 0 ? nullptr : file.data(), &size, 0,
                                  picture.bytes.data(), 0, nullptr) == 0) {
      const std::string reason(image.message);
      png_image_free(&image);
      throw Error(ErrorKind::internal, "cannot encode an image as PNG: " + reason);
    }
  }
  file.resize(size);
  return file;
}

}  // namespace

std::string base64(std::span<const std::uint8_t> bytes) {
  constexpr auto kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - at);
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < 3; ++i) group = group << 8 | (i < count ? bytes[at + i] : 0u);
    for (std::size_t i = 0; i < 4; ++i) {
      text += i <= count ? kLetters[group >> (18 - 6 * i) & 63u] : '=';
    }
  }
  return text;
}

std::string png_data_uri(const Shape& shape, std::span<const std::uint8_t> pixels) {
  if (pixels.empty() || pixels.size() != shape.size()) {
    throw Error(ErrorKind::internal, fmt::format("an image of {} bytes does not have the shape {}",
                                                 pixels.size(), to_string(shape)));
  }
  return "data:image/png;base64," + base64(encode_png(shown_picture(shape, pixels)));
}

}  // namespace bnn
