#pragma once
// BMP images, decoded by stb_image: without compression, 1 to 32 bits a pixel, 3 channels.
// Transparent pixels are blended with white. Any fault of the file is an Error (data). Thread-safe:
// no state.

#include <cstdint>
#include <span>
#include <string>

#include "bnn/images/image.h"

namespace bnn {

/// @param name of the file, for messages
Image decode_bmp(std::span<const std::uint8_t> bytes, const std::string& name);

}  // namespace bnn
