#include "bnn/prediction/path_list.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include "bnn/core/error.h"
#include "bnn/core/input_file.h"

namespace bnn {
namespace {

constexpr std::size_t kMaxLine = 65536, kReadBytes = 65536;

[[noreturn]] void fail_reading(const std::string& name) {
  throw Error(errno == ENOENT ? ErrorKind::data : ErrorKind::io,
              fmt::format("{}: cannot read: {}", name, std::strerror(errno)));
}

}  // namespace

PathList::PathList(const std::string& file)
    : name_(file == "-" ? "standard input" : shown_path(file)),
      file_(file == "-" ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
                        : open(file.c_str(), O_RDONLY | O_CLOEXEC)) {
  if (file_.number() < 0) fail_reading(name_);
}

std::vector<std::string> PathList::next(std::size_t count) {
  std::vector<std::string> paths;
  while (paths.size() < count) {
    const std::size_t end = read_.find('\n');
    if (end == std::string::npos && read_.size() > kMaxLine) {
      throw Error(ErrorKind::data, fmt::format("{}: a line has more than {} bytes; expected a path",
                                               name_, kMaxLine));
    }
    if (end == std::string::npos && !ended_) {
      if (!paths.empty() && !may_read_now()) break;
      ended_ = !read_more();
      continue;
    }
    if (end == std::string::npos && read_.empty()) break;
    std::string line = read_.substr(0, end);
    read_.erase(0, end == std::string::npos ? end : end + 1);
    if (line.ends_with('\r')) line.pop_back();
    if (!line.empty()) paths.push_back(std::move(line));
  }
  return paths;
}

// False at the end of the list.
bool PathList::read_more() {
  std::array<char, kReadBytes> bytes;
  const ssize_t got = ::read(file_.number(), bytes.data(), bytes.size());
  if (got < 0 && errno == EINTR) throw Interrupted{};
  if (got < 0) fail_reading(name_);
  read_.append(bytes.data(), static_cast<std::size_t>(got));
  return got > 0;
}

bool PathList::may_read_now() const {
  pollfd wanted{file_.number(), POLLIN, 0};
  return poll(&wanted, 1, 0) > 0;
}

}  // namespace bnn
