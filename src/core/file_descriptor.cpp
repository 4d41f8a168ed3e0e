#include "bnn/core/file_descriptor.h"

#include <algorithm>
#include <cerrno>
#include <unistd.h>
#include <utility>

#include "bnn/core/io_error.h"

namespace bnn {
namespace {

// Calls `transfer(data, size)`, a write() or pwrite(), until everything is written.
template <typename F>
bool write_fully(std::span<const std::byte> bytes, F transfer) {
  while (!bytes.empty()) {
    const std::size_t size = std::min(bytes.size(), kMaxTransfer);
    const ssize_t count = retried([&] { return transfer(bytes.data(), size); });
    if (count == 0) errno = EIO;
    if (count <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  return true;
}

}  // namespace

FileDescriptor::~FileDescriptor() { close(); }

FileDescriptor::FileDescriptor(FileDescriptor&& other) noexcept
    : number_(std::exchange(other.number_, -1)) {}

FileDescriptor& FileDescriptor::operator=(FileDescriptor&& other) noexcept {
  if (this != &other) reset(std::exchange(other.number_, -1));
  return *this;
}

void FileDescriptor::reset(int number) {
  close();
  number_ = number;
}

int FileDescriptor::close() {
  if (number_ < 0) return 0;
  const int result = ::close(number_);
  number_ = -1;  // Linux releases the number whatever close() says.
  return result;
}

bool FileDescriptor::write_all(std::span<const std::byte> bytes) {
  return write_fully(bytes, [this](const std::byte* data, std::size_t size) {
    return ::write(number_, data, size);
  });
}

bool FileDescriptor::write_all_at(std::uint64_t offset, std::span<const std::byte> bytes) {
  return write_fully(bytes, [this, &offset](const std::byte* data, std::size_t size) {
    const ssize_t count = ::pwrite(number_, data, size, static_cast<off_t>(offset));
    if (count > 0) offset += static_cast<std::uint64_t>(count);
    return count;
  });
}

bool FileDescriptor::sync() {
  return retried([this] { return ::fsync(number_); }) == 0;
}

// File systems that cannot sync a folder return EINVAL.
bool FileDescriptor::sync_names() { return sync() || errno == EINVAL; }

}  // namespace bnn
