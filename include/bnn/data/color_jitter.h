#pragma once
// Random changes of the colours of an image.
//
// Each of the three factors is uniform between 1 - x and 1 + x, where x is the config's number.
// They are applied in this order, to numbers between 0 and 255, and what leaves that range is cut
// off:
//
//   brightness   v' = factor v
//   contrast     v' = m + factor (v - m), m the mean grey of the image
//   saturation   v' = g + factor (v - g), g the grey of the pixel
//
// The grey of three channels is 0.299 R + 0.587 G + 0.114 B (Rec. ITU-R BT.601), of any other
// number their mean. An image of one channel therefore has no saturation to change.
//
// Thread-safe: no state, nothing is allocated.

#include <cstdint>

#include "bnn/core/random.h"
#include "bnn/core/shape.h"

namespace bnn {

struct ColorJitter {
  double brightness = 0.0, contrast = 0.0, saturation = 0.0;  // from 0 to 1

  bool any() const { return brightness > 0.0 || contrast > 0.0 || saturation > 0.0; }
};

struct ColorFactors {
  float brightness = 1.0f, contrast = 1.0f, saturation = 1.0f;
};

/// The factors that a stream names.
ColorFactors random_factors(const ColorJitter& jitter, const Stream& stream);

/// Writes the changed image, [height][width][channels], from 0 to 255.
void change_colors(const std::uint8_t* image, const Shape& shape, const ColorFactors& factors,
                   float* out);

}  // namespace bnn
