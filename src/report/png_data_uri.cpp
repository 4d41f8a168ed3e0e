#include "bnn/report/png_data_uri.h"

#include <algorithm>
#include <fmt/format.h>
#include <numeric>
#include <png.h>
#include <vector>

#include "bnn/core/error.h"
#include "bnn/images/resize.h"

namespace bnn {
namespace {

constexpr int kMaxSide = 256;

// The image in grey or colour: of 3 and 4 channels the first three, else the mean of all.
Image shown_image(const Shape& shape, std::span<const std::uint8_t> pixels) {
  const auto channels = static_cast<std::size_t>(shape.channels);
  const bool colored = channels == 3 || channels == 4;
  Image image{shape.height, shape.width, colored ? 3 : 1};
  for (std::size_t at = 0; at < pixels.size(); at += channels) {
    const auto pixel = pixels.subspan(at, channels);
    if (colored) {
      image.bytes.insert(image.bytes.end(), pixel.begin(), pixel.begin() + 3);
    } else {
      const auto sum = std::accumulate(pixel.begin(), pixel.end(), std::size_t{0});
      image.bytes.push_back(static_cast<std::uint8_t>((sum + channels / 2) / channels));
    }
  }
  return image;
}

// Large images are divided by a whole number.
Image shrunk(const Image& image) {
  const int divisor = (std::max(image.height, image.width) + kMaxSide - 1) / kMaxSide;
  const auto divided = [&](int side) { return (side + divisor - 1) / divisor; };
  return resize(image, divided(image.height), divided(image.width));
}

std::vector<std::uint8_t> encode_png(const Image& picture) {
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
  return "data:image/png;base64," + base64(encode_png(shrunk(shown_image(shape, pixels))));
}

}  // namespace bnn
