#pragma once
// Reading of files that may be anything: only regular files are opened (a FIFO, a directory or a
// device is an error, never a wait), and nothing is read beyond what the caller asks for.
//
// Faults of the file are errors of the kind that the caller names. Faults of the system
// (permission, a failing disk) are ErrorKind::io. Not thread-safe.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "bnn/core/error.h"
#include "bnn/core/file_descriptor.h"

namespace bnn {

/// Most bytes taken from a source whose length is not known beforehand: standard input, or what a
/// compressed file expands to.
constexpr std::uint64_t kMaxStreamBytes = std::uint64_t{4} << 30;

/// The path as messages show it: plain text (display_text.h), its last 160 bytes if it is longer.
std::string shown_path(const std::string& path);

/// True if two names lead to one file, also through links. Files that do not exist are compared by
/// their names.
bool is_same_file(const std::string& a, const std::string& b);

class InputFile {
 public:
  /// Opens a regular file.
  InputFile(const std::string& path, ErrorKind kind);
  static InputFile standard_input(ErrorKind kind);
  /// Bytes in memory, which must outlive the object. @param name for messages
  InputFile(std::span<const std::byte> bytes, std::string name, ErrorKind kind);

  /// Names the file in messages.
  const std::string& name() const { return name_; }
  /// Bytes in the file when it was opened. The file may change later. Unknown for standard input.
  std::optional<std::uint64_t> size() const { return size_; }
  /// Reads the next bytes; returns how many, which is less than asked only at the end.
  std::size_t read(std::span<std::byte> out);
  std::size_t read(std::span<std::uint8_t> out) { return read(std::as_writable_bytes(out)); }
  /// Fills `out` or throws because the file ends before.
  void read_exactly(std::span<std::byte> out);
  /// The next bytes, which the next read gives again; fewer than `count` only at the end.
  std::span<const std::byte> peek(std::size_t count);
  /// Everything up to the end, which must be at most `limit` bytes. Memory grows with what is read.
  std::vector<std::byte> read_rest(std::size_t limit);

 private:
  InputFile(FileDescriptor file, std::string name, ErrorKind kind);
  [[noreturn]] void fail(int error) const;
  std::size_t read_descriptor(std::span<std::byte> out);

  std::string name_;
  ErrorKind kind_;
  FileDescriptor file_;
  std::optional<std::uint64_t> size_;
  std::vector<std::byte> ahead_;            // read by peek and not consumed yet
  std::span<const std::byte> memory_ = {};  // what is left of bytes in memory
};

/// A whole regular file of at most `limit` bytes. Memory grows with what is read, not with what the
/// file system claims beyond `limit`.
std::vector<std::byte> read_file(const std::string& path, std::size_t limit, ErrorKind kind);
std::string read_text_file(const std::string& path, std::size_t limit, ErrorKind kind);

}  // namespace bnn
