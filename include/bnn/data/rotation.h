#pragma once
// Rotation of an image about its centre, by bilinear interpolation. Outside of it is black, 0.
//
// Output pixel (y, x) of a window is seen at the place
//
//   (sy, sx) = c + ((y', x') - c) turned back by the angle,
//
// where (y', x') is where the window has the pixel in the image and c = ((H - 1) / 2, (W - 1) / 2).
// The value there is the mean of the four pixels around the place, by their nearness.
//
// Immutable, thread-safe; nothing is allocated.

#include "bnn/core/shape.h"
#include "bnn/data/augmentation.h"

namespace bnn {

class RotatedWindow {
 public:
  /// @param degrees above 0 turns the image counter-clockwise
  RotatedWindow(const Shape& shape, const CropWindow& window, float degrees);

  /// Writes pixel (y, x) of the window, [channels].
  /// @param image [height][width][channels]
  void pixel(const float* image, int y, int x, float* out) const;

 private:
  void add(const float* image, int y, int x, float weight, float* out) const;

  Shape shape_;
  CropWindow window_;
  float sine_, cosine_;
};

}  // namespace bnn
