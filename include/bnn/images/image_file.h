#pragma once
// Image files, recognised by their first bytes and never by their names: PNG, JPEG, WebP, TIFF, GIF
// and BMP. A decoder of each is in a file of its own.
//
// A file has at most 256 MiB and is read as a whole. Errors name the file (ErrorKind::data, or io
// for failing reads). Thread-safe: no state.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "bnn/core/input_file.h"
#include "bnn/images/image.h"

namespace bnn {

enum class ImageFormat { none, png, jpeg, webp, tiff, gif, bmp };

/// Larger files are refused.
constexpr std::size_t kMaxImageFileBytes = std::size_t{256} << 20;

/// The formats, for sentences about them.
constexpr const char* kImageFormats = "PNG, JPEG, WebP, TIFF, GIF or BMP";

/// What a file is that begins with these bytes; kImageHeadBytes of them are enough.
ImageFormat image_format(std::span<const std::byte> head);
constexpr std::size_t kImageHeadBytes = 12;

/// What a file that is no such image seems to be, by its first bytes: "a HEIC image or a film",
/// "something else". For messages.
std::string other_kind(std::span<const std::byte> head);

/// True if the name ends as those of such images do (.png, .jpg, .jpeg, .webp, .tif, .tiff, .gif,
/// .bmp), in any case. A file of such a name that is no image is reported as broken, not taken for
/// another kind of file.
bool has_image_name(const std::string& path);

/// Decodes a whole file's bytes. @param name for messages
Image decode_image(std::span<const std::byte> bytes, const std::string& name);

/// Reads what is left of the file, which must be one image.
Image read_image(InputFile& file);
Image read_image(const std::string& path);

}  // namespace bnn
