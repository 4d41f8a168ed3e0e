#pragma once
// Augmentation of training images, in this order:
//
//   colour jitter   brightness, contrast and saturation (color_jitter.h)
//   rotation        about the centre, by an angle that is uniform between -rotation and rotation
//   crop            the image is padded on every side by `crop_padding` pixels, and a window of the
//                   original size is cut out at a uniform place
//   flips           half of the windows are mirrored left to right, half of them upside down
//   cutout          a square is erased (cutout.h)
//   mixup           the image is blended with another one, and so is its loss (mixup.h)
//
// What a rotation or a crop finds outside of the image is black: byte 0, before standardisation.
//
// Thread-safe: no state.

#include <cstdint>

#include "bnn/core/random.h"
#include "bnn/data/color_jitter.h"

namespace bnn {

struct Augmentation {
  bool flip_horizontal = false;
  int crop_padding = 0;
  bool flip_vertical = false;
  double rotation = 0.0;  // degrees
  ColorJitter color = {};
  int cutout = 0;      // side of the square in pixels; 0: none
  double mixup = 0.0;  // alpha of the Beta distribution; 0: none
};

/// What a stream of Site::augmentation is used for. Never renumber them.
enum class AugmentationUse : std::uint32_t {
  flip_vertical = 0,
  rotation = 1,
  color = 2,
  cutout = 3,
  partner = 4,  // of a mixture
  share = 5,    // of its first image
};

Stream augmentation_stream(AugmentationUse use, std::uint64_t seed, std::uint32_t step,
                           std::uint32_t example);

/// Where a window lies in the image that it is cut from: its upper left corner, which may lie
/// outside.
struct CropWindow {
  int row = 0, column = 0;
  bool mirrored = false, upside_down = false;
};

/// The window of one example in one step: a pure function of its arguments.
/// @param example dataset index
CropWindow random_window(const Augmentation& augmentation, std::uint64_t seed, std::uint32_t step,
                         std::uint32_t example);

/// The angle by which an image is turned, in degrees; above 0 counter-clockwise. A pure function
/// too.
float random_angle(const Augmentation& augmentation, std::uint64_t seed, std::uint32_t step,
                   std::uint32_t example);

}  // namespace bnn
