#pragma once
// Files that are written as a whole or not at all.
//
// A temporary file in the same folder, write, fsync, rename over the target, fsync of the
// folder. At any instant, even after a crash, the target is absent, the old file or the new one.
// The temporary file is named ".<name>.tmp.<pid>" and created with O_EXCL. A process that is killed
// while it writes leaves its own; the next one that writes the same name removes it, and leaves
// those that are being written (leftover_files.h). A target that is a symbolic link is replaced by
// the new file; what the link pointed to stays as it is; any other target that is no regular file
// is refused. Permissions are those of a new file. Failures are Error(io) with the path and the
// system's reason. One object serves one thread at a time.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "bnn/core/file_descriptor.h"

namespace bnn {

/// A file that is being written; it replaces `path` when it is committed. Without a commit the
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
  void make_temporary(const std::string& stem);
  [[noreturn]] void fail(const std::string& action) const;

  std::string path_;
  std::string temporary_;
  FileDescriptor folder_;
  FileDescriptor file_;
  FileDescriptor lock_;
};

/// Throws what AtomicFile throws when it begins to write; for work of which nothing would be kept.
void probe_writable(const std::string& path);

/// Removes the temporary files that killed processes left when they wrote `path`. AtomicFile does
/// so.
void remove_leftovers_of(const std::string& path);

/// Replaces a file atomically and durably by the parts, one after the other. On any error the
/// temporary file is removed. A failed fsync is never tried again on the same file, since the
/// kernel may have dropped the data by then; the caller may call again, which makes a new file.
void write_file_atomically(const std::string& path,
                           std::span<const std::span<const std::byte>> parts);
void write_file_atomically(const std::string& path, std::string_view text);

}  // namespace bnn
