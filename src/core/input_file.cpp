#include "bnn/core/input_file.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include "bnn/core/display_text.h"
#include "bnn/core/io_error.h"
#include "bnn/core/utf8.h"

namespace bnn {
namespace {

constexpr std::size_t kMaxShownPath = 160;
constexpr std::size_t kChunk = std::size_t{64} << 10;

// True if the fault lies in the name that the user gave rather than in the system.
bool is_wrong_name(int error) {
  return error == ENOENT || error == ENOTDIR || error == ELOOP || error == ENAMETOOLONG ||
         error == EISDIR;
}

std::string kind_of(mode_t mode) {
  if (S_ISDIR(mode)) return "a directory";
  if (S_ISFIFO(mode)) return "a FIFO";
  return "a device";
}

}  // namespace

bool is_same_file(const std::string& a, const std::string& b) {
  std::error_code error;
  if (std::filesystem::equivalent(a, b, error) && !error) return true;
  // Made absolute first, or a name that does not exist yet would stay as it is written.
  const auto place_of = [&](const std::string& path) {
    return std::filesystem::weakly_canonical(std::filesystem::absolute(path, error), error);
  };
  const std::filesystem::path place_a = place_of(a);
  if (error) return false;
  const std::filesystem::path place_b = place_of(b);
  return !error && place_a == place_b;
}

std::string shown_path(const std::string& path) {
  if (path.empty()) return "\"\"";
  const std::string plain = plain_text(path);
  if (plain.size() <= kMaxShownPath) return plain;
  std::size_t first = plain.size() - kMaxShownPath;
  while (first < plain.size() && is_utf8_continuation(plain[first])) ++first;
  return "..." + plain.substr(first);
}

InputFile::InputFile(FileDescriptor file, std::string name, ErrorKind kind)
    : name_(std::move(name)), kind_(kind), file_(std::move(file)) {}

InputFile InputFile::standard_input(ErrorKind kind) {
  // A copy of the descriptor, so that closing it leaves standard input as it is.
  return InputFile(FileDescriptor(fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)), "standard input", kind);
}

InputFile::InputFile(std::span<const std::byte> bytes, std::string name, ErrorKind kind)
    : name_(std::move(name)), kind_(kind), size_(bytes.size()), memory_(bytes) {}

InputFile::InputFile(const std::string& path, ErrorKind kind)
    : name_(shown_path(path)), kind_(kind) {
  if (path.find('\0') != std::string::npos) throw Error(kind, "a file name holds a NUL byte");
  // Without O_NONBLOCK, opening a FIFO would wait for somebody to write to it.
  constexpr int kFlags = O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY;
  file_.reset(retried([&] { return ::open(path.c_str(), kFlags); }));
  if (file_.number() < 0 && errno == ENXIO) {
    throw Error(kind, name_ + ": expected a regular file, found a socket");
  }
  if (file_.number() < 0) fail(errno);
  struct stat status = {};
  if (::fstat(file_.number(), &status) != 0) fail(errno);
  if (!S_ISREG(status.st_mode)) {
    throw Error(kind, name_ + ": expected a regular file, found " + kind_of(status.st_mode));
  }
  size_ = static_cast<std::uint64_t>(status.st_size);
}

void InputFile::fail(int error) const {
  throw Error(is_wrong_name(error) ? kind_ : ErrorKind::io,
              name_ + ": cannot read: " + std::generic_category().message(error));
}

std::size_t InputFile::read(std::span<std::byte> out) {
  const std::size_t known = std::min(out.size(), ahead_.size());
  const auto middle = ahead_.begin() + static_cast<std::ptrdiff_t>(known);
  std::copy(ahead_.begin(), middle, out.begin());
  ahead_.erase(ahead_.begin(), middle);
  return known + read_descriptor(out.subspan(known));
}

std::span<const std::byte> InputFile::peek(std::size_t count) {
  const std::size_t before = ahead_.size();
  if (before < count) {
    ahead_.resize(count);
    ahead_.resize(before + read_descriptor(std::span(ahead_).subspan(before)));
  }
  return std::span(ahead_).first(std::min(count, ahead_.size()));
}

std::size_t InputFile::read_descriptor(std::span<std::byte> out) {
  if (file_.number() < 0) {
    const auto taken = memory_.first(std::min(out.size(), memory_.size()));
    std::copy(taken.begin(), taken.end(), out.begin());
    memory_ = memory_.subspan(taken.size());
    return taken.size();
  }
  std::size_t done = 0;
  while (done < out.size()) {
    const ssize_t got =
        ::read(file_.number(), out.data() + done, std::min(out.size() - done, kMaxTransfer));
    if (got < 0 && errno == EINTR) throw Interrupted{};
    if (got < 0) fail(errno);
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

void InputFile::read_exactly(std::span<std::byte> out) {
  const std::size_t got = read(out);
  if (got == out.size()) return;
  throw Error(kind_, fmt::format("{}: ends {} bytes before the end of what it should hold", name_,
                                 out.size() - got));
}

std::vector<std::byte> InputFile::read_rest(std::size_t limit) {
  const auto require_fit = [&](std::uint64_t size, const std::string& found) {
    if (size <= limit) return;
    throw Error(kind_, fmt::format("{}: too large; expected at most {} bytes, found {}{}", name_,
                                   limit, found, size));
  };
  if (size_) require_fit(*size_, "");
  std::vector<std::byte> bytes;
  // One byte beyond what the system says shows whether there is more: files of /proc claim to be
  // empty.
  std::size_t next = size_ ? static_cast<std::size_t>(*size_) + 1 : kChunk;
  for (;;) {
    const std::size_t before = bytes.size();
    bytes.resize(before + next);
    const std::size_t got = read(std::span(bytes).subspan(before));
    bytes.resize(before + got);
    require_fit(bytes.size(), "at least ");
    if (got < next) return bytes;
    next = kChunk;
  }
}

std::vector<std::byte> read_file(const std::string& path, std::size_t limit, ErrorKind kind) {
  return InputFile(path, kind).read_rest(limit);
}

std::string read_text_file(const std::string& path, std::size_t limit, ErrorKind kind) {
  const auto bytes = read_file(path, limit, kind);
  return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

}  // namespace bnn
