#include "bnn/data/input_file.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include "bnn/core/error.h"

namespace bnn {
namespace {

constexpr std::size_t kMaxShownPath = 160;

[[noreturn]] void fail(const std::string& name, int error) {
  const bool wrong_name = error == ENOENT || error == ENOTDIR || error == ELOOP ||
                          error == ENAMETOOLONG || error == ENXIO || error == EISDIR;
  throw Error(wrong_name ? ErrorKind::data : ErrorKind::io,
              name + ": cannot read: " + std::generic_category().message(error));
}

std::string kind_of(mode_t mode) {
  if (S_ISDIR(mode)) return "a directory";
  if (S_ISFIFO(mode)) return "a FIFO";
  if (S_ISSOCK(mode)) return "a socket";
  return "a device";
}

}  // namespace

std::string shown_path(const std::string& path) {
  if (path.size() <= kMaxShownPath) return path;
  std::size_t first = path.size() - kMaxShownPath;
  while (first < path.size() && (static_cast<unsigned char>(path[first]) & 0xC0u) == 0x80u) ++first;
  return "..." + path.substr(first);
}

InputFile::InputFile(const std::string& path) : name_(shown_path(path)) {
  if (path == "-") {
    name_ = "standard input";
    descriptor_ = STDIN_FILENO;
    return;
  }
  if (path.find('\0') != std::string::npos) {
    throw Error(ErrorKind::data, "a file name holds a NUL byte");
  }
  // Without O_NONBLOCK, opening a FIFO would wait for somebody to write to it.
  descriptor_ = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
  if (descriptor_ < 0) fail(name_, errno);
  struct stat status = {};
  if (::fstat(descriptor_, &status) != 0) {
    const int error = errno;
    ::close(descriptor_);
    fail(name_, error);
  }
  if (!S_ISREG(status.st_mode)) {
    ::close(descriptor_);
    throw Error(ErrorKind::data,
                name_ + ": expected a regular file, found " + kind_of(status.st_mode));
  }
  size_ = static_cast<std::uint64_t>(status.st_size);
}

InputFile::InputFile(InputFile&& other) noexcept
    : name_(std::move(other.name_)),
      size_(other.size_),
      descriptor_(std::exchange(other.descriptor_, -1)) {}

InputFile::~InputFile() {
  if (descriptor_ > STDIN_FILENO) ::close(descriptor_);
}

std::size_t InputFile::read(std::span<std::uint8_t> out) {
  std::size_t done = 0;
  while (done < out.size()) {
    const ssize_t got = ::read(descriptor_, out.data() + done, out.size() - done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail(name_, errno);
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

std::string read_text_file(const std::string& path, std::size_t max_bytes) {
  InputFile file(path);
  if (file.size().value_or(0) > max_bytes) {
    throw Error(ErrorKind::data, file.name() + ": expected a text file of at most " +
                                     std::to_string(max_bytes) + " bytes, found " +
                                     std::to_string(*file.size()));
  }
  std::string text(static_cast<std::size_t>(file.size().value_or(max_bytes)), '\0');
  text.resize(file.read({reinterpret_cast<std::uint8_t*>(text.data()), text.size()}));
  return text;
}

}  // namespace bnn
