#pragma once
// An image as a data: address, so that a page can show it without another file.

#include <cstdint>
#include <span>
#include <string>

#include "bnn/core/shape.h"

namespace bnn {

/// "data:image/png;base64,…" of an image of bytes, [row][column][channel]. Three or four channels
/// are shown as red, green and blue of the first three; any other number as the grey of their mean.
/// Images of more than 256 pixels per side are made smaller by a whole factor, by images/resize.h.
/// @param pixels shape.size() bytes
std::string png_data_uri(const Shape& shape, std::span<const std::uint8_t> pixels);

/// The bytes as text of RFC 4648, padded.
std::string base64(std::span<const std::uint8_t> bytes);

}  // namespace bnn
