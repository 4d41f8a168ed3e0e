#pragma once
// One augmented training image, standardised (augmentation.h says what is done to it). Mixtures are
// the loader's (training_loader.h).
//
// Immutable, thread-safe; allocates nothing after construction.

#include <cstddef>
#include <cstdint>
#include <span>

#include "bnn/core/shape.h"
#include "bnn/data/augmentation.h"
#include "bnn/data/standardizer.h"

namespace bnn {

class ImageAugmenter {
 public:
  /// @param standardization one mean and one std per channel
  ImageAugmenter(const Shape& shape, const Standardization& standardization,
                 const Augmentation& augmentation, std::uint64_t seed);

  /// Numbers of working memory that fill needs.
  std::size_t scratch_size() const { return keeps_bytes() ? 0 : shape_.size(); }

  /// Writes an image as its example sees it in a step.
  /// @param image bytes [height][width][channels]
  /// @param example dataset index, the name of its random numbers
  /// @param scratch [scratch_size()]
  void fill(const std::uint8_t* image, std::uint32_t step, std::uint32_t example,
            std::span<float> scratch, float* out) const;

 private:
  /// Whether every pixel is a pixel of the data set, or black.
  bool keeps_bytes() const { return augmentation_.rotation <= 0.0 && !augmentation_.color.any(); }
  void fill_window(const std::uint8_t* image, const CropWindow& window, float* out) const;
  void fill_row(const std::uint8_t* row, const CropWindow& window, float* out) const;
  void fill_rotated(const float* image, const CropWindow& window, float degrees, float* out) const;

  Shape shape_;
  Standardizer standardizer_;
  Augmentation augmentation_;
  std::uint64_t seed_;
};

}  // namespace bnn
