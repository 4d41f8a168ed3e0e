#pragma once
// GIF images, decoded by giflib: the first frame, on a white screen where it is smaller than that
// or transparent. 3 channels. Any fault of the file up to the end of the first frame is an Error
// (data). Thread-safe: no state.

#include <cstdint>
#include <span>
#include <string>

#include "bnn/images/image.h"

namespace bnn {

/// @param name of the file, for messages
Image decode_gif(std::span<const std::uint8_t> bytes, const std::string& name);

}  // namespace bnn
