#include <filesystem>
#include <fstream>
#include <string>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <vector>

#include <catch2/catch.hpp>

#include "bnn/core/error.h"
#include "bnn/core/input_file.h"
#include "support/temporary_directory.h"

using Catch::Matchers::Contains;
using namespace bnn;
using bnn::testing::TemporaryDirectory;

namespace {

void put(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

std::string text_of(const std::vector<std::byte>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Runs the action and returns the message of the Error it throws, or "no error".
template <typename F>
std::string message_of(ErrorKind kind, F action) {
  try {
    action();
  } catch (const Error& error) {
    CHECK(error.kind() == kind);
    return error.what();
  }
  return "no error";
}

std::string read_message(const std::string& path, std::size_t limit = 1000) {
  return message_of(ErrorKind::data, [&] { read_file(path, limit, ErrorKind::data); });
}

}  // namespace

TEST_CASE("reading a file gives its bytes, up to and including the limit") {
  const TemporaryDirectory folder;
  const std::string path = folder.file("a.bin");
  const std::string text("a\0b\xFF", 4);
  put(path, text);
  CHECK(text_of(read_file(path, 4, ErrorKind::data)) == text);
  CHECK(read_message(path, 3) == path + ": too large; expected at most 3 bytes, found 4");
  put(path, "");
  CHECK(read_file(path, 0, ErrorKind::data).empty());
  const std::string large(300000, 'y');
  put(path, large);
  CHECK(text_of(read_file(path, 300000, ErrorKind::data)) == large);
}

TEST_CASE("reading does not trust the size that the file system reports") {
  // Files of /proc are regular and report a size of 0.
  const std::string path = "/proc/self/status";
  CHECK(read_file(path, 100000, ErrorKind::data).size() > 100);
  CHECK_THAT(read_message(path, 10), Contains("expected at most 10 bytes, found at least"));
}

TEST_CASE("a sparse file beyond the limit is refused before it is read") {
  const TemporaryDirectory folder;
  put(folder.file("sparse"), "");
  std::filesystem::resize_file(folder.file("sparse"), std::uintmax_t{1} << 40);
  CHECK_THAT(read_message(folder.file("sparse")), Contains("found 1099511627776"));
}

TEST_CASE("reading what is no regular file is an error and never waits") {
  const TemporaryDirectory folder;
  ::mkfifo(folder.file("fifo").c_str(), 0600);
  CHECK_THAT(read_message(folder.file("fifo")), Contains("found a FIFO"));
  CHECK_THAT(read_message(folder.path()), Contains("expected a regular file, found a directory"));
  CHECK_THAT(read_message("/dev/zero"), Contains("found a device"));
  CHECK(read_message(folder.file("none")) ==
        folder.file("none") + ": cannot read: No such file or directory");
  CHECK_THAT(read_message(folder.file(std::string("a\0b", 3))), Contains("NUL byte"));
  std::filesystem::create_symlink("loop", folder.file("loop"));
  CHECK_THAT(read_message(folder.file("loop")), Contains("symbolic links"));

  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  folder.file("socket").copy(address.sun_path, sizeof(address.sun_path) - 1);
  const FileDescriptor socket(::socket(AF_UNIX, SOCK_STREAM, 0));
  REQUIRE(::bind(socket.number(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) ==
          0);
  CHECK_THAT(read_message(folder.file("socket")), Contains("expected a regular file"));
}

TEST_CASE("reading more than a file holds says how much is missing") {
  const TemporaryDirectory folder;
  put(folder.file("short"), "1234");
  InputFile file(folder.file("short"), ErrorKind::checkpoint);
  CHECK(file.size() == 4);
  std::vector<std::byte> out(3);
  file.read_exactly(out);
  CHECK(text_of(out) == "123");
  CHECK_THAT(message_of(ErrorKind::checkpoint, [&] { file.read_exactly(out); }),
             Contains("ends 2 bytes before"));
}
