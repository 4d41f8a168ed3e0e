#pragma once
// Where a TIFF file ends. Its directories (IFDs) are a chain, and each names the places of its
// values and of the strips or tiles of pixels; the file reaches as far as the last of them
// (TIFF 6.0, sections 2 and 15; BigTIFF for files with offsets of eight bytes). Thread-safe: no
// state.

#include <cstddef>
#include <cstdint>
#include <span>

namespace bnn {

/// The bytes of the TIFF that these bytes begin with; all of them if its header makes no sense.
std::size_t tiff_extent(std::span<const std::uint8_t> bytes);

}  // namespace bnn
