#pragma once
// Where an image file ends, found without decoding it: images that follow each other in one stream
// are told apart by it.
//
//     PNG    after the chunk IEND
//     JPEG   after the mark EOI; with the further images that cameras append to a photograph and
//            list in its "MPF" index (CIPA DC-007, Multi-Picture Format)
//     WebP, BMP   as many bytes as their headers say
//     GIF    after the trailer
//     TIFF   after the last part that its directories name (tiff_extent.h)
//
// Thread-safe: no state.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace bnn {

/// The bytes of the image that these bytes begin with; all of them if its end is not found.
std::size_t image_extent(std::span<const std::byte> bytes);

/// Cuts images that follow each other. What is left after the last one must be zeros; anything else
/// is an Error (data). @param name for messages
std::vector<std::span<const std::byte>> split_images(std::span<const std::byte> bytes,
                                                     const std::string& name);

}  // namespace bnn
