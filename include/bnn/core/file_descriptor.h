#pragma once
// Owns an open file descriptor. One object serves one thread at a time.

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <span>

namespace bnn {

/// The most bytes that one read or write is asked to move: Linux moves fewer than 2 GiB at once.
constexpr std::size_t kMaxTransfer = std::size_t{1} << 30;

/// The largest number of attempts at a system call that signals interrupt (EINTR).
constexpr int kMaxAttempts = 100;

/// Makes a system call, and repeats it while signals interrupt it, kMaxAttempts times in all. A
/// failed call returns a negative number and sets errno. Returns the result of the last call. The
/// number of attempts has a limit, because on some file systems the repetition would never end.
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

  /// Writes all bytes in as many calls as needed, also if signals interrupt. Returns false, with
  /// the reason in errno, if that fails. A part may be written then.
  [[nodiscard]] bool write_all(std::span<const std::byte> bytes);
  /// The same at a byte offset from the start of the file.
  [[nodiscard]] bool write_all_at(std::uint64_t offset, std::span<const std::byte> bytes);
  /// Flushes written bytes to the disk. Returns false, with the reason in errno, if that fails.
  [[nodiscard]] bool sync();
  /// The same for an open folder and the names in it. True, too, where the file system cannot.
  [[nodiscard]] bool sync_names();

 private:
  int number_ = -1;
};

}  // namespace bnn
