#pragma once
// Owns an open file descriptor. One object serves one thread at a time.

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <span>

namespace bnn {

/// The most bytes that one read or write is asked to move: Linux moves fewer than 2 GiB at once.
constexpr std::size_t kMaxTransfer = std::size_t{1} << 30;

/// How often a system call is made that a signal interrupts each time (EINTR).
constexpr int kMaxAttempts = 100;

/// Makes a system call, which returns a negative number and sets errno where it fails, again while
/// signals interrupt it, kMaxAttempts times in all. Returns what the last call returned; it then
/// counts as failed like any other, since some file systems would be waited for without an end.
template <typename Call>
auto retried(const Call& call) {
  auto result = call();
  for (int attempt = 1; result < 0 && errno == EINTR && attempt < kMaxAttempts; ++attempt) {
    result = call();
  }
  return result;
}

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

  /// Writes all bytes, in as many calls as it takes, also where signals interrupt. Returns false,
  /// with the reason in errno, if that fails; a part may be written then.
  [[nodiscard]] bool write_all(std::span<const std::byte> bytes);
  /// The same at a byte offset from the start of the file.
  [[nodiscard]] bool write_all_at(std::uint64_t offset, std::span<const std::byte> bytes);
  /// Brings what was written to the disk; returns false, with the reason in errno, if that fails.
  [[nodiscard]] bool sync();

 private:
  int number_ = -1;
};

}  // namespace bnn
