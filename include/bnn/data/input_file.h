#pragma once
// Reading of files that may be anything: only regular files are opened (a FIFO, a directory or a
// device is an error, never a wait), and nothing is read beyond what the caller asks for.
//
// Errors: missing or of the wrong kind = ErrorKind::data; not permitted or failing = ErrorKind::io.
// Not thread-safe.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace bnn {

/// Most bytes taken from a source whose length is not known beforehand: standard input, or what a
/// compressed file expands to.
constexpr std::uint64_t kMaxStreamBytes = std::uint64_t{4} << 30;

/// The path as messages show it: its last 160 bytes if it is longer than that.
std::string shown_path(const std::string& path);

class InputFile {
 public:
  /// Opens a regular file; the path "-" stands for standard input.
  explicit InputFile(const std::string& path);
  ~InputFile();
  InputFile(InputFile&& other) noexcept;
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  /// Names the file in messages.
  const std::string& name() const { return name_; }
  /// Bytes in the file when it was opened; unknown for standard input.
  std::optional<std::uint64_t> size() const { return size_; }
  /// Reads the next bytes; returns how many, which is less than asked only at the end.
  std::size_t read(std::span<std::uint8_t> out);

 private:
  std::string name_;
  std::optional<std::uint64_t> size_;
  int descriptor_ = -1;
};

/// The whole of a text file of at most `max_bytes` bytes.
std::string read_text_file(const std::string& path, std::size_t max_bytes);

}  // namespace bnn
