#include "bnn/files/record_file.h"

#include <cerrno>
#include <fmt/format.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include "bnn/core/error.h"
#include "bnn/core/input_file.h"

namespace bnn {
namespace {

[[noreturn]] void fail(const std::string& path, int error) {
  throw Error(ErrorKind::io, fmt::format("{}: cannot write: {}", shown_path(path),
                                         std::system_category().message(error)));
}

}  // namespace

RecordFile::RecordFile(std::string path, FileDescriptor file, std::size_t size,
                       Durability durability)
    : path_(std::move(path)), file_(std::move(file)), size_(size), durability_(durability) {}

void RecordFile::append(std::string_view record) {
  hold(record);
  flush();
}

bool RecordFile::write_waiting() {
  std::string_view rest = waiting_;
  while (!rest.empty()) {
    const std::size_t done = waiting_.size() - rest.size();
    const auto place = static_cast<off_t>(size_ + done);
    const ssize_t count =
        retried([&] { return ::pwrite(file_.number(), rest.data(), rest.size(), place); });
    if (count == 0) errno = EIO;
    if (count <= 0) return false;
    rest.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

void RecordFile::flush() {
  if (waiting_.empty()) return;
  if (!write_waiting()) {
    const int error = errno;
    // A part of a record would mislead a reader. If it cannot be cut off, the next try covers it.
    static_cast<void>(::ftruncate(file_.number(), static_cast<off_t>(size_)) == 0);
    fail(path_, error);
  }
  size_ += waiting_.size();
  if (durability_ == Durability::synced) unsynced_ += waiting_;
  waiting_.clear();
}

void RecordFile::sync() {
  flush();
  if (retried([&] { return ::fsync(file_.number()); }) != 0) {
    const int error = errno;
    size_ -= unsynced_.size();
    waiting_ = std::exchange(unsynced_, "");
    fail(path_, error);
  }
  unsynced_.clear();
}

}  // namespace bnn
