#pragma once
// A file that grows by records. Each record is written as a whole or not at all.
//
// A record that cannot be written waits in memory. Every later call first tries the waiting records
// again. Records therefore reach the file in order, and each once. Not thread-safe.

#include <string>
#include <string_view>

#include "bnn/core/file_descriptor.h"

namespace bnn {

class RecordFile {
 public:
  enum class Durability { none, synced };

  RecordFile() = default;
  /// @param file open for writing, not in append mode; its whole records end at byte `size`
  /// @param durability synced: sync() will be called now and then
  RecordFile(std::string path, FileDescriptor file, std::size_t size, Durability durability);

  /// Adds a record that waits for the next call.
  void hold(std::string_view record) { waiting_ += record; }
  /// Adds a record and writes it. Throws Error(io) if that fails: it then waits, and the file is as
  /// it was before.
  void append(std::string_view record);
  /// Writes what waits. Throws Error(io).
  void flush();
  /// The same, and brings everything to the disk. Throws Error(io): the kernel may then have
  /// dropped what was written since the last sync, so all of that waits again.
  void sync();

  /// The records that are not in the file.
  const std::string& waiting() const { return waiting_; }

 private:
  std::string path_;
  FileDescriptor file_;
  std::size_t size_ = 0;  // of the whole records
  Durability durability_ = Durability::none;
  std::string waiting_, unsynced_;
};

}  // namespace bnn
