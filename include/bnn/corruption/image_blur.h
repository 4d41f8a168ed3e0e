#pragma once
// Blur: convolution of every channel with a kernel that sums to one, rounded to bytes once.
//
// Beyond its edges an image continues as its mirror image (… c b a | a b c …). A symmetric kernel
// therefore keeps the mean, up to the rounding to bytes, and a constant image does not change.
// `out` may not overlap the image. Thread-safe: no state.

#include <cstdint>
#include <vector>

#include "bnn/images/byte_image.h"

namespace bnn {

/// A square kernel of odd side 2 * radius + 1, or the row of a separable one.
struct BlurKernel {
  int radius = 0;
  std::vector<double> weights;  // row by row; they sum to 1
};

/// One row: exp(-i² / (2 deviation²)), cut off at 3 deviations. The kernel is its outer product.
BlurKernel gaussian_row(double deviation);

/// The share of each pixel that a disc covers, counted on 8 x 8 points of the pixel.
BlurKernel disc_kernel(double radius);

/// @param deviation in pixels, above 0
void gaussian_blur(const ByteImage& image, double deviation, std::uint8_t* out);

/// Blur of a lens that is out of focus. A radius of half a pixel changes nothing.
/// @param radius in pixels, above 0
void disc_blur(const ByteImage& image, double radius, std::uint8_t* out);

}  // namespace bnn
