#pragma once
// PNG images, decoded by libpng: grey or colour, palettes, 1 to 16 bits per sample, interlaced or
// not.
//
// The result has 8 bits per sample (16 bits are scaled by 255 / 65535 and rounded) and 1 or 3
// channels. Transparent pixels are blended with white, as a browser shows them, because their
// stored colour has no meaning. Samples are taken as they are: gamma and colour profiles are
// ignored, like everything else that is not needed for the pixels. Images that EXIF data say to
// turn are turned upright.
//
// Any fault of the file is an Error (data): wrong checksums, even of parts that are ignored, data
// that end too early, what libpng only warns of, more pixels than kMaxImagePixels, or more than the
// file's bytes can stand for. Thread-safe: no state.

#include <cstdint>
#include <span>
#include <string>

#include "bnn/images/image.h"

namespace bnn {

/// @param name of the file, for messages
Image decode_png(std::span<const std::uint8_t> bytes, const std::string& name);

}  // namespace bnn
