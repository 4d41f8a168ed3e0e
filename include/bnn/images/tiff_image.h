#pragma once
// TIFF images, decoded by libtiff: the first page, 1 to 16 bits a sample, grey, palettes or colour,
// in the usual compressions.
//
// Grey images have 1 channel, all others 3. The result has 8 bits per sample, by libtiff's own
// rule. Transparent pixels are blended with white. Images that their orientation says to turn are
// turned upright. Any fault of the file is an Error (data); tags that libtiff does not know are
// none. Thread-safe: no state.

#include <cstdint>
#include <span>
#include <string>

#include "bnn/images/image.h"

namespace bnn {

/// @param name of the file, for messages
Image decode_tiff(std::span<const std::uint8_t> bytes, const std::string& name);

}  // namespace bnn
