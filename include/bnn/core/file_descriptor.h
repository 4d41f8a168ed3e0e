#pragma once
// Owns an open file descriptor. One object serves one thread at a time.

namespace bnn {

class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int number) : number_(number) {}
  ~FileDescriptor();
  FileDescriptor(FileDescriptor&& other) noexcept;
  FileDescriptor& operator=(FileDescriptor&& other) noexcept;

  /// -1: none.
  int number() const { return number_; }
  void reset(int number);
  /// Closes and returns what close() returned.
  int close();

 private:
  int number_ = -1;
};

}  // namespace bnn
