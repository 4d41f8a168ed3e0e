#include "bnn/files/record_file.h"

#include <cerrno>
#include <span>
#include <unistd.h>
#include <utility>

#include "bnn/core/io_error.h"

namespace bnn {

RecordFile::RecordFile(std::string path, FileDescriptor file, std::size_t size,
                       Durability durability)
    : path_(std::move(path)), file_(std::move(file)), size_(size), durability_(durability) {}

void RecordFile::append(std::string_view record) {
  hold(record);
  flush();
}

void RecordFile::flush() {
  if (waiting_.empty()) return;
  if (!file_.write_all_at(size_, std::as_bytes(std::span(waiting_)))) {
    const int error = errno;
    // A part of a record would mislead a reader. If it cannot be cut off, the next try covers it.
    static_cast<void>(::ftruncate(file_.number(), static_cast<off_t>(size_)) == 0);
    throw io_error(path_, "cannot write", error);
  }
  size_ += waiting_.size();
  if (durability_ == Durability::synced) unsynced_ += waiting_;
  waiting_.clear();
}

void RecordFile::sync() {
  flush();
  if (!file_.sync()) {
    const int error = errno;
    size_ -= unsynced_.size();
    waiting_ = std::exchange(unsynced_, "");
    throw io_error(path_, "cannot write", error);
  }
  unsynced_.clear();
}

}  // namespace bnn
