#include "bnn/images/bmp_image.h"

#include <memory>
#include <stb/stb_image.h>

#include "bnn/core/error.h"
#include "bnn/images/byte_numbers.h"
#include "bnn/images/image_limits.h"

namespace bnn {
namespace {

// Where the numbers of a header lie (little-endian), and its size in the oldest version.
constexpr std::size_t kPixelsAt = 10, kHeaderAt = 14, kBitsAt = 28, kOldBitsAt = 24;
constexpr std::size_t kCompressionAt = 30, kAlphaMaskAt = 66;
constexpr std::uint64_t kOldHeaderBytes = 12, kAlphaHeaderBytes = 108, kBitFields = 3;

// Only headers of 108 bytes and more have a mask for alpha. Without one the fourth byte of a pixel
// means nothing.
bool has_alpha(std::span<const std::uint8_t> bytes) {
  const ByteNumbers numbers(bytes, ByteOrder::little);
  return numbers.read(kHeaderAt, 4) >= kAlphaHeaderBytes &&
         numbers.read(kCompressionAt, 4) == kBitFields && numbers.read(kAlphaMaskAt, 4) != 0;
}

// stb_image takes what lies beyond the end of a file for zeros.
bool ends_too_early(std::span<const std::uint8_t> bytes, int height, int width) {
  const ByteNumbers numbers(bytes, ByteOrder::little);
  const bool is_old = numbers.read(kHeaderAt, 4) == kOldHeaderBytes;
  const std::uint64_t bits = numbers.read(is_old ? kOldBitsAt : kBitsAt, 2);
  const std::uint64_t row_bytes = (static_cast<std::uint64_t>(width) * bits + 31) / 32 * 4;
  const std::uint64_t last_row_bytes = (static_cast<std::uint64_t>(width) * bits + 7) / 8;
  return numbers.read(kPixelsAt, 4) + row_bytes * (static_cast<std::uint64_t>(height) - 1) +
             last_row_bytes >
         bytes.size();
}

}  // namespace

Image decode_bmp(std::span<const std::uint8_t> bytes, const std::string& name) {
  const int size = static_cast<int>(bytes.size());  // files of images are small (image_file.h)
  int height = 0, width = 0, samples = 0;
  if (stbi_info_from_memory(bytes.data(), size, &width, &height, &samples) == 0) {
    throw Error(ErrorKind::data,
                name +
                    ": the BMP image is damaged, or of a kind that is not read; expected one "
                    "without compression");
  }
  require_few_pixels(name, static_cast<std::uint64_t>(height), static_cast<std::uint64_t>(width));
  if (ends_too_early(bytes, height, width)) {
    throw Error(ErrorKind::data, name + ": the BMP image ends too early");
  }
  const int wanted = has_alpha(bytes) ? STBI_rgb_alpha : STBI_rgb;
  const std::unique_ptr<stbi_uc, void (*)(void*)> pixels(
      stbi_load_from_memory(bytes.data(), size, &width, &height, &samples, wanted),
      stbi_image_free);
  if (pixels == nullptr) {
    throw Error(ErrorKind::data, name + ": the BMP image is damaged, or breaks BMP's rules");
  }
  Image image{height, width, wanted, {}};
  image.bytes.assign(pixels.get(), pixels.get() + image.shape().size());
  if (wanted == STBI_rgb_alpha) lay_over_white(image.bytes, 4);
  image.channels = 3;
  return image;
}

}  // namespace bnn
