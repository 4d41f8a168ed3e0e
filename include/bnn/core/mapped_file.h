#pragma once
// A regular file as memory. The system reads its pages when they are touched, and may drop those
// that were not changed, so that a file may be larger than the memory. Writes stay in this process
// and never reach the file; a copy does not share them. The file must not become shorter while it
// is mapped; one that is replaced by renaming keeps its bytes here. One object serves one writer at
// a time.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "bnn/core/error.h"
#include "bnn/core/file_descriptor.h"

namespace bnn {

class MappedFile {
 public:
  /// Throws Error(kind) if the path is no regular file, or Error(io).
  MappedFile(const std::string& path, ErrorKind kind);
  ~MappedFile();
  MappedFile(const MappedFile& other);
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile other) noexcept;

  std::span<std::uint8_t> bytes() const { return {data_, size_}; }
  /// From now on pages are touched in no order: the system need not read ahead.
  void expect_random_access() const;

 private:
  void map();

  std::string name_;
  FileDescriptor file_;
  std::uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace bnn
