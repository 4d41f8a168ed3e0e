#pragma once
// Images in the size and the colours that a model expects.
//
//     smaller    each new pixel is the mean of the area that it covers, pixels at its edge counting
//                by their share: nothing aliases
//     larger     bilinear between the centres of pixels; beyond the outermost centres the border
//     colours    grey = (299 R + 587 G + 114 B) / 1000 (ITU-R BT.601); colour from grey: the same
//                number three times
//
// Proportions: ResizeMode::stretch scales height and width separately. crop first cuts off what is
// too wide or too high, the same on both sides; pad first adds black there. Neither is made in
// memory: padding could take the square of an image. Every result is the exact rational number,
// rounded once to the nearest byte (halves up), so it is the same everywhere. Thread-safe: no
// state.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "bnn/core/enum_names.h"
#include "bnn/core/shape.h"
#include "bnn/images/image.h"

namespace bnn {

Image resize(const Image& image, int height, int width);

/// A part of an image, or the image with black around it: then the window begins before the first
/// pixel.
struct ImageWindow {
  std::int64_t top = 0, left = 0;
  std::int64_t height, width;
};

/// What the window shows, in another size.
Image resize(const Image& image, const ImageWindow& window, int height, int width);

/// @param channels 1 or 3, as the image has
Image with_channels(Image image, int channels);

/// What happens to images of other proportions.
enum class ResizeMode { stretch, crop, pad };

constexpr EnumNames<ResizeMode, 3> kResizeModeNames = {
    {{ResizeMode::stretch, "stretch"}, {ResizeMode::crop, "crop"}, {ResizeMode::pad, "pad"}}};

/// The whole image, or a window in the proportions of height to width, rounded to whole pixels.
ImageWindow window_in_proportion(const Image& image, int height, int width, ResizeMode mode);

/// What was done to a set of images, for a message to the user.
struct ImageChanges {
  std::size_t images = 0, turned = 0, resized = 0, recoloured = 0;
  std::optional<Shape> first = {};  // the shape of the first that was resized or recoloured

  bool any() const { return turned > 0 || resized > 0 || recoloured > 0; }
  /// "resized 12 of 20 images to 28 x 28 x 1 (the first from 32 x 32 x 1); turned 3 upright, as
  /// their EXIF data say"
  std::string sentence(const Shape& shape) const;
  void add(const ImageChanges& other);

 private:
  std::string fitted_sentence(const Shape& shape) const;
};

/// The image in the given shape, of 1 or 3 channels; counts what is done.
Image fit_image(Image image, const Shape& shape, ResizeMode mode, ImageChanges& changes);

}  // namespace bnn
