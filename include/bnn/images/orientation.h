#pragma once
// How cameras store an image that was taken with the camera turned: the pixels as the sensor gave
// them, and a number from 1 to 8 in the EXIF data that says where their first row and column belong
// (EXIF 2.32, tag 0x0112). Thread-safe: no state.
//
//     1 as it is       2 mirrored         3 upside down    4 upside down and mirrored
//     5 transposed     6 turned left      7 transversed    8 turned right

#include <cstdint>
#include <span>

#include "bnn/images/image.h"

namespace bnn {

/// The orientation that EXIF data give: a TIFF header and its first directory, with or without the
/// bytes "Exif\0\0" before it. 1 if they give none, or are damaged: then the pixels stay as they
/// are. Reads the one entry and nothing else, since the rest of EXIF data, notes of makers above
/// all, is a common source of faults in libraries that read it.
int exif_orientation(std::span<const std::uint8_t> exif);

/// The image as it was seen. `turned` says if it was stored otherwise.
Image upright(Image image, int orientation);

}  // namespace bnn
