#pragma once
// JPEG images, decoded by libjpeg-turbo: 8 bits per sample, baseline or progressive, Huffman-coded.
//
// Grey images have 1 channel, all others 3. CMYK and YCCK become red, green and blue by the plain
// rule, red = (1 - C)(1 - K) and so on; colour profiles are ignored. Images that EXIF data say to
// turn are turned upright.
//
// Any fault of the file is an Error (data): data that end too early, everything that libjpeg only
// warns of, more pixels than kMaxImagePixels or than the file's bytes can stand for, and more than
// 100 scans, which progressive files could make costly. Thread-safe: no state.

#include <cstdint>
#include <span>
#include <string>

#include "bnn/images/image.h"

namespace bnn {

/// @param name of the file, for messages
Image decode_jpeg(std::span<const std::uint8_t> bytes, const std::string& name);

}  // namespace bnn
