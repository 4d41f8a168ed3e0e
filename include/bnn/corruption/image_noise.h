#pragma once
// Noise of sensors and transmission, one random number (or two) a byte, from a named stream.
//
// Byte i of the image takes element i of the stream, so that the result is a pure function of
// image, amount and stream. x is a byte / 255. The input may not overlap `out`. Thread-safe: no
// state.

#include <cstdint>

#include "bnn/core/random.h"
#include "bnn/images/byte_image.h"

namespace bnn {

/// x + deviation * z, z standard normal.
void add_gaussian_noise(const ByteImage& image, double deviation, const Stream& stream,
                        std::uint8_t* out);

/// Counting of light: Poisson(photons * x) / photons, where white is `photons` on average. The
/// Poisson number is the quantile of one uniform number, exact to its 24 bits.
void add_shot_noise(const ByteImage& image, double photons, const Stream& stream,
                    std::uint8_t* out);

/// Each byte becomes 0 or 255, either with probability share / 2.
void add_impulse_noise(const ByteImage& image, double share, const Stream& stream,
                       std::uint8_t* out);

}  // namespace bnn
