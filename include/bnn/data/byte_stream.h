#pragma once
// The bytes of a file from its beginning to its end, decompressed on the way if the file begins
// with gzip's magic bytes 1f 8b (RFC 1952; several members in a row are one stream).
//
// Damaged or truncated compressed data, and bytes after it, are an Error (data). Memory does not
// depend on what the file holds. Not thread-safe.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "bnn/core/input_file.h"

namespace bnn {

class ByteStream {
 public:
  explicit ByteStream(InputFile file);
  ~ByteStream();
  ByteStream(const ByteStream&) = delete;
  ByteStream& operator=(const ByteStream&) = delete;

  const std::string& name() const { return file_.name(); }
  /// Bytes from beginning to end; unknown for compressed files and standard input.
  std::optional<std::uint64_t> size() const;
  /// Reads the next bytes; returns how many, which is less than asked only at the end.
  std::size_t read(std::span<std::uint8_t> out);

 private:
  struct Inflater;

  std::size_t read_plain(std::span<std::uint8_t> out);
  std::size_t read_compressed(std::span<std::uint8_t> out);
  bool refill();

  InputFile file_;
  std::vector<std::uint8_t> buffer_;
  std::span<const std::uint8_t> ahead_;  // part of buffer_ that is not consumed yet
  std::unique_ptr<Inflater> inflater_;   // null if the file is not compressed
};

}  // namespace bnn
