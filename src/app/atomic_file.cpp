#include "bnn/app/atomic_file.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace bnn {
namespace {

constexpr std::size_t kMaxTemporaryStem = 200;  // a file name has at most 255 bytes
constexpr int kMaxTemporaryNames = 100;
constexpr std::size_t kReadChunk = std::size_t{64} << 10;
constexpr std::size_t kMaxTransfer = std::size_t{1} << 30;  // one call moves below 2 GiB

std::string reason(int error) { return std::system_category().message(error); }

std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string name_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? path : path.substr(slash + 1);
}

// The system would see the path end at a NUL byte, and so would who reads a message.
void check_no_nul(const std::string& path, ErrorKind kind) {
  if (path.find('\0') != std::string::npos) throw Error(kind, "a file name holds a NUL byte");
}

int open_retrying(const std::string& path, int flags) {
  for (;;) {
    const int number = ::open(path.c_str(), flags | O_CLOEXEC, 0666);
    if (number >= 0 || errno != EINTR) return number;
  }
}

// Calls `transfer(data, size)`, a write() or pwrite(), until everything is written. Returns false
// with errno set on failure.
template <typename F>
bool write_fully(std::span<const std::byte> bytes, F transfer) {
  while (!bytes.empty()) {
    const ssize_t count = transfer(bytes.data(), std::min(bytes.size(), kMaxTransfer));
    if (count < 0 && errno == EINTR) continue;
    if (count == 0) errno = EIO;
    if (count <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  return true;
}

}  // namespace

FileDescriptor::~FileDescriptor() { close(); }

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

AtomicFile::AtomicFile(const std::string& path) : path_(path) {
  check_no_nul(path, ErrorKind::io);
  const std::string name = name_of(path);
  if (name.empty() || name == "." || name == "..") {
    throw Error(ErrorKind::io, shown_path(path) + ": cannot write: not the name of a file");
  }
  // The folder is opened first: what stands in the way of its fsync should show before the rename.
  const std::string folder = folder_of(path);
  folder_.reset(open_retrying(folder, O_RDONLY | O_DIRECTORY));
  if (folder_.number() < 0) fail("cannot open its folder");
  const std::string stem = (folder == "/" ? "" : folder) + "/." +
                           name.substr(0, kMaxTemporaryStem) + ".tmp." + std::to_string(::getpid());
  for (int i = 0; i < kMaxTemporaryNames && file_.number() < 0; ++i) {
    const std::string candidate = i == 0 ? stem : stem + "." + std::to_string(i);
    file_.reset(open_retrying(candidate, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW));
    if (file_.number() >= 0) {
      temporary_ = candidate;
    } else if (errno != EEXIST) {
      break;
    }
  }
  if (file_.number() < 0) fail("cannot create a temporary file beside it");
}

AtomicFile::~AtomicFile() {
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void AtomicFile::fail(const std::string& action) const {
  const int error = errno;
  throw Error(ErrorKind::io, shown_path(path_) + ": " + action + ": " + reason(error));
}

void AtomicFile::write(std::span<const std::byte> bytes) {
  const auto append = [this](const std::byte* data, std::size_t size) {
    return ::write(file_.number(), data, size);
  };
  if (!write_fully(bytes, append)) fail("cannot write");
}

void AtomicFile::write_at(std::uint64_t offset, std::span<const std::byte> bytes) {
  const auto write_next = [this, &offset](const std::byte* data, std::size_t size) {
    const ssize_t count = ::pwrite(file_.number(), data, size, static_cast<off_t>(offset));
    if (count > 0) offset += static_cast<std::uint64_t>(count);
    return count;
  };
  if (!write_fully(bytes, write_next)) fail("cannot write");
}

void AtomicFile::commit() {
  if (::fsync(file_.number()) != 0) fail("cannot bring it to the disk");
  if (file_.close() != 0 && errno != EINTR) fail("cannot close it");
  if (std::rename(temporary_.c_str(), path_.c_str()) != 0) fail("cannot replace it");
  temporary_.clear();
  // File systems that cannot sync a folder say EINVAL; they have nothing better to offer.
  if (::fsync(folder_.number()) != 0 && errno != EINVAL)
    fail("cannot bring its folder to the disk");
}

void write_file_atomically(const std::string& path,
                           std::span<const std::span<const std::byte>> parts) {
  AtomicFile file(path);
  for (const std::span<const std::byte> part : parts) file.write(part);
  file.commit();
}

void write_file_atomically(const std::string& path, std::string_view text) {
  const std::span<const std::byte> part = std::as_bytes(std::span(text));
  write_file_atomically(path, std::span(&part, 1));
}

RegularFile::RegularFile(const std::string& path, ErrorKind kind) : path_(path), kind_(kind) {
  check_no_nul(path, kind);
  // O_NONBLOCK: opening a FIFO that nobody writes to returns at once.
  file_.reset(open_retrying(path, O_RDONLY | O_NONBLOCK | O_NOCTTY));
  if (file_.number() < 0 && errno != ENXIO) {
    throw Error(kind, shown_path(path) + ": cannot open: " + reason(errno));
  }
  struct stat status = {};  // ENXIO comes from a socket, which leaves this at "not regular"
  if (file_.number() >= 0 && ::fstat(file_.number(), &status) != 0) {
    throw Error(kind, shown_path(path) + ": cannot open: " + reason(errno));
  }
  if (!S_ISREG(status.st_mode)) {
    const std::string what = S_ISDIR(status.st_mode) ? "a folder" : "a device or pipe";
    throw Error(kind, shown_path(path) + ": cannot read: expected a regular file, found " + what);
  }
  size_ = static_cast<std::uint64_t>(status.st_size);
}

std::size_t RegularFile::read_some(std::span<std::byte> out) {
  for (;;) {
    const ssize_t count = ::read(file_.number(), out.data(), std::min(out.size(), kMaxTransfer));
    if (count >= 0) return static_cast<std::size_t>(count);
    if (errno != EINTR) {
      throw Error(kind_, shown_path(path_) + ": cannot read: " + reason(errno));
    }
  }
}

void RegularFile::read_exactly(std::span<std::byte> out) {
  while (!out.empty()) {
    const std::size_t count = read_some(out);
    if (count == 0) {
      throw Error(kind_, shown_path(path_) + ": ends " + std::to_string(out.size()) +
                             " bytes before the end of what it should hold");
    }
    out = out.subspan(count);
  }
}

std::vector<std::byte> read_file(const std::string& path, std::size_t limit, ErrorKind kind) {
  RegularFile file(path, kind);
  const auto check = [&](std::uint64_t size) {
    if (size <= limit) return;
    throw Error(kind, shown_path(path) + ": too large; expected at most " + std::to_string(limit) +
                          " bytes, found " + (size == file.size() ? "" : "at least ") +
                          std::to_string(size));
  };
  check(file.size());
  std::vector<std::byte> contents;
  std::size_t used = 0;
  // One byte beyond the size, so that the end of the file shows without growing the memory.
  std::size_t chunk = static_cast<std::size_t>(file.size()) + 1;
  for (;;) {
    if (contents.size() == used) contents.resize(used + chunk);
    const std::size_t count = file.read_some(std::span(contents).subspan(used));
    if (count == 0) break;
    used += count;
    check(used);
    chunk = kReadChunk;
  }
  contents.resize(used);
  return contents;
}

}  // namespace bnn
