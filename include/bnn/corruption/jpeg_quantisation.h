#pragma once
// What JPEG at a given quality loses (ITU-T T.81), without a file: blocks of 8 x 8 pixels go
// through the discrete cosine transform, coefficients are rounded to multiples of a table's
// entries, and the way back gives the image.
//
// The tables are those of annex K.1, scaled by quality as the Independent JPEG Group's library
// does: entry = (table * s + 50) / 100 within 1 to 255, s = 5000 / quality below 50, else 200 - 2
// quality. Three channels are taken as R, G, B and converted to Y, Cb, Cr (JFIF); chrominance is
// quantised by its own table and not subsampled. Any other number of channels: each is a luminance.
// Edges that do not fill a block are repeated. Nothing but coefficients is rounded before the final
// bytes. Thread-safe: no state.

#include <array>
#include <cstdint>

#include "bnn/images/byte_image.h"

namespace bnn {

/// 8 x 8 numbers, row by row.
using Block8x8 = std::array<double, 64>;

/// The orthonormal two-dimensional DCT-II, which is JPEG's: coefficient 0 is 8 times the mean.
Block8x8 discrete_cosine_transform(const Block8x8& pixels);
Block8x8 inverse_discrete_cosine_transform(const Block8x8& coefficients);

/// @param quality 1 to 100
std::array<int, 64> luminance_quantisation(int quality);
std::array<int, 64> chrominance_quantisation(int quality);

/// `out` may not overlap the image.
void jpeg_quantise(const ByteImage& image, int quality, std::uint8_t* out);

}  // namespace bnn
