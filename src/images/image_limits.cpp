#include "bnn/images/image_limits.h"

#include <fmt/format.h>

#include "bnn/core/error.h"

namespace bnn {

void refuse_size(const std::string& name, std::uint64_t height, std::uint64_t width,
                 const std::string& limit) {
  throw Error(ErrorKind::data,
              fmt::format("{}: its header announces {} x {} pixels, more than the {}", name, height,
                          width, limit));
}

void require_few_pixels(const std::string& name, std::uint64_t height, std::uint64_t width) {
  if (height == 0 || width == 0) {
    throw Error(ErrorKind::data, name + ": the image has no pixels");
  }
  if (height <= kMaxImagePixels && width <= kMaxImagePixels && height * width <= kMaxImagePixels) {
    return;
  }
  refuse_size(name, height, width, fmt::format("{} that are read", kMaxImagePixels));
}

void lay_over_white(std::vector<std::uint8_t>& bytes, std::size_t samples) {
  std::size_t out = 0;
  for (std::size_t in = 0; in < bytes.size(); in += samples) {
    const unsigned alpha = bytes[in + samples - 1];
    for (std::size_t c = 0; c + 1 < samples; ++c) {
      const unsigned sum = bytes[in + c] * alpha + 255 * (255 - alpha);
      bytes[out++] = static_cast<std::uint8_t>((sum + 127) / 255);
    }
  }
  bytes.resize(out);
}

}  // namespace bnn
