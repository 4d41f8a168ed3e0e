#include "bnn/core/mapped_file.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <utility>

#include "bnn/core/input_file.h"
#include "bnn/core/io_error.h"

namespace bnn {

MappedFile::MappedFile(const std::string& path, ErrorKind kind) : name_(path) {
  file_.reset(retried([&] { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK); }));
  if (file_.number() < 0) throw io_error(path, "cannot read", errno);
  struct stat status = {};
  if (::fstat(file_.number(), &status) != 0) throw io_error(path, "cannot read", errno);
  if (!S_ISREG(status.st_mode)) throw Error(kind, shown_path(path) + ": expected a regular file");
  size_ = static_cast<std::size_t>(status.st_size);
  map();
}

void MappedFile::map() {
  if (size_ == 0) return;
  void* memory =
      mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, file_.number(), 0);
  if (memory == MAP_FAILED) throw io_error(name_, "cannot map into memory", errno);
  data_ = static_cast<std::uint8_t*>(memory);
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) munmap(data_, size_);
}

MappedFile::MappedFile(const MappedFile& other) : name_(other.name_), size_(other.size_) {
  file_.reset(fcntl(other.file_.number(), F_DUPFD_CLOEXEC, 0));
  if (file_.number() < 0) throw io_error(name_, "cannot open again", errno);
  map();
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : name_(std::move(other.name_)),
      file_(std::move(other.file_)),
      data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile other) noexcept {
  std::swap(name_, other.name_);
  std::swap(file_, other.file_);
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

void MappedFile::expect_random_access() const {
  if (data_ != nullptr) madvise(data_, size_, MADV_RANDOM);  // a hint: its failure changes nothing
}

}  // namespace bnn
