#include "bnn/files/leftover_files.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <string_view>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include "bnn/core/file_descriptor.h"

namespace bnn {
namespace {

// "17" or "17.2".
bool is_process_and_number(std::string_view text) {
  const auto is_number = [](std::string_view part) {
    return !part.empty() &&
           std::all_of(part.begin(), part.end(), [](char c) { return c >= '0' && c <= '9'; });
  };
  const std::size_t point = text.find('.');
  if (point == std::string_view::npos) return is_number(text);
  return is_number(text.substr(0, point)) && is_number(text.substr(point + 1));
}

void remove_if_free(const std::string& path) {
  // O_NONBLOCK: opening a FIFO would wait for its writer.
  const FileDescriptor file(
      ::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
  struct stat status = {};
  if (file.number() < 0 || ::fstat(file.number(), &status) != 0) return;
  if (!S_ISREG(status.st_mode) || ::flock(file.number(), LOCK_EX | LOCK_NB) != 0) return;
  // Its writer may have put it in place meanwhile, and another made one of the same name.
  struct stat now = {};
  if (::lstat(path.c_str(), &now) != 0 || now.st_ino != status.st_ino) return;
  ::unlink(path.c_str());
}

}  // namespace

bool claim_temporary(int descriptor) {
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) return errno != EWOULDBLOCK;
  struct stat status = {};
  return ::fstat(descriptor, &status) != 0 || status.st_nlink > 0;
}

void remove_leftovers(const std::string& folder, const std::string& stem) {
  std::vector<std::string> found;
  std::error_code error;
  std::filesystem::directory_iterator entry(folder, error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (!name.starts_with(stem)) continue;
    if (is_process_and_number(std::string_view(name).substr(stem.size()))) found.push_back(name);
  }
  for (const std::string& name : found) remove_if_free(folder + "/" + name);
}

}  // namespace bnn
