#include "bnn/core/file_descriptor.h"

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <string>
#include <thread>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "bnn/core/input_file.h"
#include "bnn/core/io_error.h"
#include "support/temporary_directory.h"

namespace bnn {
namespace {

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text));
}

extern "C" void do_nothing(int) {}

// A system call that signals interrupt so many times before it returns 7.
struct InterruptedCall {
  int interruptions;
  int calls = 0;

  int operator()() {
    if (++calls > interruptions) return 7;
    errno = EINTR;
    return -1;
  }
};

TEST_CASE("an interrupted system call is made again") {
  for (const int interruptions : {0, 1, kMaxAttempts - 1}) {
    InterruptedCall call{interruptions};
    CHECK(retried([&] { return call(); }) == 7);
    CHECK(call.calls == interruptions + 1);
  }
}

TEST_CASE("a system call that is always interrupted fails in the end") {
  InterruptedCall call{1000000};
  CHECK(retried([&] { return call(); }) == -1);
  CHECK(errno == EINTR);
  CHECK(call.calls == kMaxAttempts);
}

TEST_CASE("a system call that fails for another reason is not made again") {
  int calls = 0;
  const int result = retried([&] {
    ++calls;
    errno = ENOENT;
    return -1;
  });
  CHECK(result == -1);
  CHECK(errno == ENOENT);
  CHECK(calls == 1);
}

TEST_CASE("bytes are written at the end and at an offset") {
  const testing::TemporaryDirectory folder;
  FileDescriptor file(open(folder.file("a").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  CHECK(file.write_all(bytes_of("abc")));
  CHECK(file.write_all(bytes_of("def")));
  CHECK(file.write_all_at(2, bytes_of("XY")));
  CHECK(file.sync());
  CHECK(read_text_file(folder.file("a"), 100, ErrorKind::data) == "abXYef");
}

TEST_CASE("a write that fails says why") {
  FileDescriptor full(open("/dev/full", O_WRONLY | O_CLOEXEC));
  CHECK_FALSE(full.write_all(bytes_of("abc")));
  CHECK(errno == ENOSPC);
  FileDescriptor none;
  CHECK_FALSE(none.write_all_at(0, bytes_of("abc")));
  CHECK(errno == EBADF);
}

TEST_CASE("signals do not cut a write short") {
  std::array<int, 2> ends;
  REQUIRE(pipe2(ends.data(), O_CLOEXEC) == 0);
  FileDescriptor reader(ends[0]), writer(ends[1]);
  struct sigaction action = {}, old = {};
  action.sa_handler = do_nothing;  // without SA_RESTART, so that it interrupts
  sigaction(SIGUSR2, &action, &old);
  const std::string text(1 << 20, 'x');  // more than a pipe holds
  const pthread_t self = pthread_self();
  std::size_t got = 0;
  std::thread other([&] {
    std::array<char, 1 << 16> buffer;
    while (got < text.size()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      pthread_kill(self, SIGUSR2);
      const ssize_t count = read(reader.number(), buffer.data(), buffer.size());
      if (count <= 0) break;
      got += static_cast<std::size_t>(count);
    }
  });
  const bool written = writer.write_all(bytes_of(text));
  writer.close();
  other.join();
  sigaction(SIGUSR2, &old, nullptr);
  CHECK(written);
  CHECK(got == text.size());
}

TEST_CASE("a fault of the system names the path, the action and the reason") {
  const Error error = io_error("a\x1b/b", "cannot write", ENOSPC);
  CHECK(error.kind() == ErrorKind::io);
  CHECK(std::string(error.what()) == "a?/b: cannot write: No space left on device");
}

}  // namespace
}  // namespace bnn
