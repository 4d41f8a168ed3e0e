#include "bnn/core/input_file.h"

#include <array>
#include <fcntl.h>
#include <filesystem>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "bnn/core/error.h"
#include "support/data_files.h"
#include "support/temporary_directory.h"

namespace bnn {
namespace {

using Catch::Matchers::Contains;
using testing::TemporaryDirectory;

std::string problem(const std::string& path, ErrorKind kind = ErrorKind::data) {
  try {
    InputFile file(path, ErrorKind::data);
    std::array<std::uint8_t, 8> bytes = {};
    file.read(bytes);
  } catch (const Error& error) {
    CHECK(error.kind() == kind);
    return error.what();
  }
  return "";
}

TEST_CASE("a file is read in order and ends where it ends") {
  TemporaryDirectory directory;
  testing::write_bytes(directory.file("a"), {1, 2, 3, 4, 5});
  InputFile file(directory.file("a"), ErrorKind::data);
  CHECK(file.name() == directory.file("a"));
  CHECK(file.size() == std::uint64_t{5});
  std::array<std::uint8_t, 3> bytes = {};
  CHECK(file.read(bytes) == 3);
  CHECK(bytes == std::array<std::uint8_t, 3>{1, 2, 3});
  CHECK(file.read(bytes) == 2);
  CHECK(bytes == std::array<std::uint8_t, 3>{4, 5, 3});
  CHECK(file.read(bytes) == 0);
}

TEST_CASE("what is not a regular file is refused at once") {
  TemporaryDirectory directory;
  const std::string path = directory.file("a");
  CHECK(problem(path) == path + ": cannot read: No such file or directory");
  CHECK(problem(directory.path()) ==
        directory.path() + ": expected a regular file, found a directory");
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  CHECK(problem(path) == path + ": expected a regular file, found a FIFO");
  CHECK(problem("/dev/zero") == "/dev/zero: expected a regular file, found a device");
  CHECK_THAT(problem(path + "/b"), Contains("Not a directory"));
  CHECK_THAT(problem(directory.file(std::string(300, 'x'))), Contains("File name too long"));
  CHECK_THAT(problem(std::string("a\0b", 3)), Contains("NUL"));
  CHECK_FALSE(problem("").empty());
}

TEST_CASE("links that lead nowhere and sockets are refused") {
  TemporaryDirectory directory;
  std::filesystem::create_symlink(directory.file("b"), directory.file("a"));
  CHECK_THAT(problem(directory.file("a")), Contains("No such file"));
  std::filesystem::create_symlink(directory.file("a"), directory.file("b"));
  CHECK_THAT(problem(directory.file("a")), Contains("Too many levels of symbolic links"));
  const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  directory.file("s").copy(address.sun_path, sizeof(address.sun_path) - 1);
  REQUIRE(::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0);
  CHECK_THAT(problem(directory.file("s")), Contains("found a socket"));
  ::close(socket);
}

TEST_CASE("a file without permission is an input error") {
  if (::geteuid() == 0) return;  // the superuser may read everything
  TemporaryDirectory directory;
  testing::write_bytes(directory.file("a"), {1});
  REQUIRE(::chmod(directory.file("a").c_str(), 0) == 0);
  CHECK_THAT(problem(directory.file("a"), ErrorKind::io), Contains("Permission denied"));
}

TEST_CASE("sizes beyond four gigabytes are whole") {
  TemporaryDirectory directory;
  testing::write_bytes(directory.file("a"), {1});
  std::filesystem::resize_file(directory.file("a"), std::uint64_t{5} << 30);
  CHECK(InputFile(directory.file("a"), ErrorKind::data).size() == std::uint64_t{5368709120});
}

TEST_CASE("a long path is shown by its end") {
  CHECK(shown_path("short") == "short");
  CHECK(shown_path("") == "\"\"");
  CHECK(shown_path(std::string(4000, 'a') + "/end") == "..." + std::string(156, 'a') + "/end");
  // 0xC3 0xA9 is one letter of UTF-8, which must not be cut in half.
  const std::string accented = std::string(10, 'a') + "\xC3\xA9" + std::string(159, 'b');
  CHECK(shown_path(accented) == "..." + std::string(159, 'b'));
}

TEST_CASE("a text file is read up to a limit") {
  TemporaryDirectory directory;
  testing::write_text(directory.file("a"), "one\ntwo\n");
  CHECK(read_text_file(directory.file("a"), 8, ErrorKind::data) == "one\ntwo\n");
  CHECK_THROWS_AS(read_text_file(directory.file("a"), 7, ErrorKind::data), Error);
}

TEST_CASE("bytes that were peeked at are read again") {
  const TemporaryDirectory directory;
  testing::write_bytes(directory.file("a"), {1, 2, 3, 4, 5});
  InputFile file(directory.file("a"), ErrorKind::data);
  REQUIRE(file.peek(3).size() == 3);
  CHECK(file.peek(2)[1] == std::byte{2});
  std::array<std::uint8_t, 2> first = {};
  CHECK(file.read(first) == 2);
  CHECK(first == std::array<std::uint8_t, 2>{1, 2});
  CHECK(file.peek(9).size() == 3);
  const std::vector<std::byte> rest = {std::byte{3}, std::byte{4}, std::byte{5}};
  CHECK(file.read_rest(10) == rest);
  CHECK(file.peek(1).empty());
}

}  // namespace
}  // namespace bnn
