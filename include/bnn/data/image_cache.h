#pragma once
// Decoded images that do not fit the memory, in a file that is mapped.
//
// The file holds what decode_images gives, for one list of files, one shape and one way to fit and
// to skip. It is made image by image, appears when it is whole (files/atomic_file.h), and is made
// anew when the list, or the size or the time of change of a source, is another. Each image is
// checked against the CRC-32 that names its random streams, whenever the file is opened.
//
//     "bnn images 1\n" | u32 CRC-32 of the next four | u64 length of the header | header, JSON
//     | u32 stream names, [images] | u32 places in the list, [images] | room | pixels
//
// The room is for the longest head that the list may need. The numbers are little-endian. Errors:
// Error(io) where the file cannot be written. A damaged file is made anew. Thread-safe: several
// processes may make the same file, and the last one stays.

#include <span>
#include <string>

#include "bnn/core/thread_pool.h"
#include "bnn/data/decode_images.h"

namespace bnn {

/// Whether and where images are kept in a file.
struct ImageCache {
  std::string folder = {};  // "": default_cache_folder()
  bool always = false;      // whatever their size; otherwise beyond half of the memory
};

/// $XDG_CACHE_HOME/bnn, or ~/.cache/bnn, or a folder in $TMPDIR or /tmp.
std::string default_cache_folder();

/// As decode_images; the pixels are in memory, or mapped.
DecodedImages decode_or_map(std::span<const LabelledFile> files, const Shape& shape,
                            const DecodeOptions& how, const ImageCache& cache, ThreadPool& pool);

}  // namespace bnn
