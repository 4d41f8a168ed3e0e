#pragma once
// WebP images, decoded by libwebp: lossy or lossless, 3 channels; of an animation the first frame.
// Transparent pixels are blended with white. Images that EXIF data say to turn are turned upright;
// colour profiles are ignored. Any fault of the file is an Error (data). Thread-safe: no state.

#include <cstdint>
#include <span>
#include <string>

#include "bnn/images/image.h"

namespace bnn {

/// @param name of the file, for messages
Image decode_webp(std::span<const std::uint8_t> bytes, const std::string& name);

}  // namespace bnn
