#pragma once
// Cutout (DeVries and Taylor, 2017): a square of an image is erased. Its centre is uniform over the
// pixels, so the image's edge may cut the square off. Erased pixels are 0 after standardisation,
// which is the mean of each channel where that was subtracted.
//
// Thread-safe: no state, nothing is allocated.

#include "bnn/core/random.h"
#include "bnn/core/shape.h"

namespace bnn {

/// Erases the square that a stream names.
/// @param side in pixels, at least 1
/// @param image standardised, [height][width][channels]
void cut_out(int side, const Stream& stream, const Shape& shape, float* image);

}  // namespace bnn
