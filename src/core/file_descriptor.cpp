#include "bnn/core/file_descriptor.h"

#include <unistd.h>
#include <utility>

namespace bnn {

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

}  // namespace bnn
