#include "bnn/data/image_augmenter.h"

#include <algorithm>

#include "bnn/data/cutout.h"
#include "bnn/data/rotation.h"

namespace bnn {

ImageAugmenter::ImageAugmenter(const Shape& shape, const Standardization& standardization,
                               const Augmentation& augmentation, std::uint64_t seed)
    : shape_(shape), standardizer_(standardization), augmentation_(augmentation), seed_(seed) {}

void ImageAugmenter::fill(const std::uint8_t* image, std::uint32_t step, std::uint32_t example,
                          std::span<float> scratch, float* out) const {
  const CropWindow window = random_window(augmentation_, seed_, step, example);
  const auto stream = [&](AugmentationUse use) {
    return augmentation_stream(use, seed_, step, example);
  };
  if (keeps_bytes()) {
    fill_window(image, window, out);
  } else {
    const ColorFactors factors =
        random_factors(augmentation_.color, stream(AugmentationUse::color));
    change_colors(image, shape_, factors, scratch.data());
    fill_rotated(scratch.data(), window, random_angle(augmentation_, seed_, step, example), out);
  }
  if (augmentation_.cutout > 0) {
    cut_out(augmentation_.cutout, stream(AugmentationUse::cutout), shape_, out);
  }
}

void ImageAugmenter::fill_window(const std::uint8_t* image, const CropWindow& window,
                                 float* out) const {
  const int height = shape_.height;
  const auto width = static_cast<std::size_t>(shape_.width);
  const std::size_t row_size = width * static_cast<std::size_t>(shape_.channels);
  for (int y = 0; y < height; ++y, out += row_size) {
    const int source = (window.upside_down ? height - 1 - y : y) + window.row;
    if (source < 0 || source >= height) {
      standardizer_.fill_black(width, out);
    } else {
      fill_row(image + static_cast<std::size_t>(source) * row_size, window, out);
    }
  }
}

void ImageAugmenter::fill_row(const std::uint8_t* row, const CropWindow& window, float* out) const {
  const int width = shape_.width;
  const auto channels = static_cast<std::ptrdiff_t>(shape_.channels);
  // The part [first, last) of the image's row is inside the window.
  const int first = std::clamp(window.column, 0, width);
  const int last = std::clamp(width + window.column, first, width);
  const auto inside = static_cast<std::size_t>(last - first);
  const auto before = static_cast<std::size_t>(std::clamp(-window.column, 0, width));
  const auto after = static_cast<std::size_t>(width) - inside - before;
  const std::size_t left = window.mirrored ? after : before;
  const std::size_t right = window.mirrored ? before : after;
  const auto size = static_cast<std::size_t>(channels);
  standardizer_.fill_black(left, out);
  const int start = window.mirrored ? last - 1 : first;
  const std::ptrdiff_t stride = window.mirrored ? -channels : channels;
  if (inside > 0) {
    standardizer_.convert(row + start * channels, stride, inside, out + left * size);
  }
  standardizer_.fill_black(right, out + (left + inside) * size);
}

void ImageAugmenter::fill_rotated(const float* image, const CropWindow& window, float degrees,
                                  float* out) const {
  const RotatedWindow rotated(shape_, window, degrees);
  float* pixel = out;
  for (int y = 0; y < shape_.height; ++y) {
    for (int x = 0; x < shape_.width; ++x, pixel += shape_.channels) {
      rotated.pixel(image, y, x, pixel);
    }
  }
  standardizer_.convert(shape_.pixels(), out);
}

}  // namespace bnn
