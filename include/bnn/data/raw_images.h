#pragma once
// What readers of data files give: images as bytes and their labels, before anything is known of
// the other files of the set.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "bnn/core/byte_array.h"
#include "bnn/core/mapped_file.h"

namespace bnn {

/// The pixels of a file that is mapped: its last bytes.
struct MappedPixels {
  MappedFile file;
  std::size_t first = 0;  // byte of the file

  std::span<std::uint8_t> bytes() const { return file.bytes().subspan(first); }
};

struct RawImages {
  ByteArray pixels = {};                    // [example][row][column][channel]
  std::vector<int> labels = {};             // [example], or empty: the files have none
  std::optional<MappedPixels> mapped = {};  // instead of `pixels`, which is then empty

  std::span<const std::uint8_t> bytes() const {
    return mapped ? std::span<const std::uint8_t>(mapped->bytes()) : pixels;
  }
  std::span<std::uint8_t> writable_bytes() { return mapped ? mapped->bytes() : pixels; }
};

}  // namespace bnn
