#pragma once
// Files that are written as a whole or not at all, and files that are read without trust.
//
// Writing: a temporary file in the same folder, write, fsync, rename over the target, fsync of the
// folder. At any instant, even after a crash, the target is absent, the old file or the new one.
// The temporary file is named ".<name>.tmp.<pid>" and created with O_EXCL, so those that other
// processes left behind are never opened, truncated or removed; a process that is killed while it
// writes leaves its own. A target that is a symbolic link is replaced by the new file; what the
// link pointed to stays as it is. Permissions are those of a new file. Failures are Error(io) with
// the path and the system's reason.
//
// Reading: only regular files; a FIFO, a directory or a device is an error, never a hang. Failures
// are errors of the kind that the caller names. One object serves one thread at a time.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bnn/core/error.h"
#include "bnn/data/input_file.h"  // shown_path

namespace bnn {

/// Owns an open file descriptor; -1 means none.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int number) : number_(number) {}
  ~FileDescriptor();
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;

  int number() const { return number_; }
  void reset(int number);
  /// Closes and returns what close() returned.
  int close();

 private:
  int number_ = -1;
};

/// A file in the making; it takes the place of `path` when it is committed. Without a commit the
/// destructor removes it, and the old file is untouched.
class AtomicFile {
 public:
  explicit AtomicFile(const std::string& path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  /// Appends; not to be mixed with write_at.
  void write(std::span<const std::byte> bytes);
  /// Writes at a byte offset from the start of the file.
  void write_at(std::uint64_t offset, std::span<const std::byte> bytes);
  /// Makes the file durable and puts it in place. To be called once, last. If it throws, the old
  /// file is untouched, unless the fault is the last step, the fsync of the folder: the new file
  /// is then complete and in place, but may not survive a power failure.
  void commit();

 private:
  [[noreturn]] void fail(const std::string& action) const;

  std::string path_;
  std::string temporary_;
  FileDescriptor folder_;
  FileDescriptor file_;
};

/// Replaces a file atomically and durably by the parts, one after the other. On any error the
/// temporary file is removed. A failed fsync is never tried again on the same file, since the
/// kernel may have dropped the data by then; the caller may call again, which makes a new file.
void write_file_atomically(const std::string& path,
                           std::span<const std::span<const std::byte>> parts);
void write_file_atomically(const std::string& path, std::string_view text);

/// A regular file open for reading from its start.
class RegularFile {
 public:
  /// @param kind of the errors that this object throws.
  RegularFile(const std::string& path, ErrorKind kind);

  /// The size when the file was opened: a hint and a bound, no promise.
  std::uint64_t size() const { return size_; }
  /// Reads at most out.size() bytes; returns how many, 0 only at the end of the file.
  std::size_t read_some(std::span<std::byte> out);
  /// Fills `out` or throws because the file ends before.
  void read_exactly(std::span<std::byte> out);

 private:
  std::string path_;
  ErrorKind kind_;
  FileDescriptor file_;
  std::uint64_t size_ = 0;
};

/// A whole regular file of at most `limit` bytes. Memory grows with what is read, not with what
/// the file system claims beyond `limit`.
std::vector<std::byte> read_file(const std::string& path, std::size_t limit, ErrorKind kind);

}  // namespace bnn
