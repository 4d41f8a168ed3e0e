// Image files, recognised by their first bytes.

#include <array>

#include "bnn/images/image_extent.h"
#include "bnn/images/image_file.h"
#include "bnn/images/orientation.h"
#include "bnn/images/resize.h"
#include "targets/targets.h"

namespace bnn::fuzzing {
namespace {

constexpr std::uint64_t kMostPixels = 1 << 20;

void require_whole(const Image& image) {
  require(image.height > 0 && image.width > 0, "an image without pixels was accepted");
  require(image.channels == 1 || image.channels == 3, "an image is neither grey nor in colour");
  require(image.bytes.size() == image.shape().size(), "an image has not its shape");
}

// Parts of the bytes, one behind the other.
void require_parts(Bytes input) {
  const auto bytes = std::as_bytes(input);
  require(image_extent(bytes) <= bytes.size(), "an image ends behind its bytes");
  std::size_t at = 0;
  for (const auto& part : split_images(bytes, "stream")) {
    require(part.data() == bytes.data() + at, "images that follow each other have gaps");
    at += part.size();
  }
}

}  // namespace

void fuzz_image(Bytes input) {
  try {
    require_parts(input);
  } catch (const Error& error) {
    require_sentence(error.what());
  }
  const Image image = decode_image(std::as_bytes(input), "x.png");
  require_whole(image);
  if (image.shape().pixels() > kMostPixels) return;
  for (const ResizeMode mode : {ResizeMode::stretch, ResizeMode::crop, ResizeMode::pad}) {
    for (const int channels : {1, 3}) {
      ImageChanges changes;
      const Shape shape{5, 4, channels};
      const Image fitted = fit_image(image, shape, mode, changes);
      require_whole(fitted);
      require(fitted.shape().same_size(shape), "an image was not fitted");
    }
  }
}

void fuzz_exif(Bytes input) {
  const int orientation = exif_orientation(input);
  require(orientation >= 1 && orientation <= 8, "no orientation");
  Image image{2, 3, 1, {0, 1, 2, 3, 4, 5}};
  require_whole(upright(std::move(image), orientation));
}

}  // namespace bnn::fuzzing
