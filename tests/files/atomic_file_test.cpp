#include "bnn/files/atomic_file.h"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include <catch2/catch.hpp>

#include "bnn/core/error.h"
#include "bnn/core/input_file.h"
#include "support/temporary_directory.h"

namespace {

using bnn::Error;
using bnn::ErrorKind;
using bnn::testing::TemporaryDirectory;

std::string contents_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void put(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

std::size_t entries_in(const std::string& folder) {
  const std::filesystem::directory_iterator first(folder);
  return static_cast<std::size_t>(std::distance(first, {}));
}

// Runs the action and returns the message of the Error it throws, or "no error".
template <typename F>
std::string message_of(ErrorKind kind, F action) {
  try {
    action();
  } catch (const Error& error) {
    CHECK(error.kind() == kind);
    CHECK(std::string(error.what()).size() <= 500);
    return error.what();
  }
  return "no error";
}

std::string write_message(const std::string& path) {
  return message_of(ErrorKind::io, [&] { bnn::write_file_atomically(path, "new"); });
}

// Runs the action in a child process and returns its exit code; it may then spoil its process.
template <typename F>
int exit_code_of_child(F action) {
  const pid_t child = ::fork();
  if (child == 0) {
    int code = 99;
    try {
      code = action();
    } catch (...) {
    }
    ::_exit(code);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void limit_file_size(rlim_t bytes) {
  std::signal(SIGXFSZ, SIG_IGN);
  const rlimit limit{bytes, bytes};
  ::setrlimit(RLIMIT_FSIZE, &limit);
}

using Catch::Matchers::Contains;

}  // namespace

TEST_CASE("an atomic write creates and replaces a file and leaves nothing beside it") {
  const TemporaryDirectory folder;
  const std::string path = folder.file("a.txt");
  bnn::write_file_atomically(path, "a first, longer text");
  CHECK(contents_of(path) == "a first, longer text");
  bnn::write_file_atomically(path, "second");
  CHECK(contents_of(path) == "second");
  bnn::write_file_atomically(path, "");
  CHECK(contents_of(path).empty());
  CHECK(entries_in(folder.path()) == 1);
}

TEST_CASE("the parts of an atomic write follow each other in the file") {
  const TemporaryDirectory folder;
  const std::string a = "one ", b, c(100000, 'x');
  const std::vector<std::span<const std::byte>> parts = {
      std::as_bytes(std::span(a)), std::as_bytes(std::span(b)), std::as_bytes(std::span(c))};
  bnn::write_file_atomically(folder.file("parts"), parts);
  CHECK(contents_of(folder.file("parts")) == "one " + c);
}

TEST_CASE("an atomic write takes a bare file name to be in the current folder") {
  const TemporaryDirectory folder;
  const int code = exit_code_of_child([&] {
    if (::chdir(folder.path().c_str()) != 0) return 1;
    bnn::AtomicFile file("bare");
    file.write(std::as_bytes(std::span("text", 4)));
    if (entries_in(".") != 1) return 2;  // the temporary file is here, too
    file.commit();
    return 0;
  });
  CHECK(code == 0);
  CHECK(contents_of(folder.file("bare")) == "text");
}

TEST_CASE("an atomic write into a folder that is missing or no folder names path and reason") {
  const TemporaryDirectory folder;
  const std::string missing = folder.file("missing/a.txt");
  CHECK(write_message(missing) == missing + ": cannot open its folder: No such file or directory");
  put(folder.file("file"), "text");
  const std::string below_file = folder.file("file/a.txt");
  CHECK(write_message(below_file) == below_file + ": cannot open its folder: Not a directory");
  CHECK(contents_of(folder.file("file")) == "text");
}

TEST_CASE("an atomic write refuses names that are no file's name") {
  const TemporaryDirectory folder;
  for (const std::string& name : {std::string("x/"), std::string("."), std::string("..")}) {
    CAPTURE(name);
    CHECK_THAT(write_message(folder.file(name)), Contains("not the name of a file"));
  }
  CHECK_THAT(write_message(""), Contains("not the name of a file"));
  CHECK_THAT(write_message(folder.file(std::string("a\0b", 3))), Contains("NUL byte"));
  CHECK_THAT(write_message(folder.file(std::string(256, 'n'))), Contains("File name too long"));
  CHECK(entries_in(folder.path()) == 0);
  CHECK(write_message(folder.file(std::string(255, 'n'))) == "no error");
}

TEST_CASE("an atomic write onto a folder fails and leaves the folder and nothing else") {
  const TemporaryDirectory folder;
  std::filesystem::create_directory(folder.file("target"));
  CHECK_THAT(write_message(folder.file("target")), Contains("not a regular file"));
  CHECK(std::filesystem::is_directory(folder.file("target")));
  CHECK(entries_in(folder.path()) == 1);
}

TEST_CASE("an atomic write refuses a link to a pipe or a device, and leaves it") {
  const TemporaryDirectory folder;
  REQUIRE(::mkfifo(folder.file("pipe").c_str(), 0600) == 0);
  for (const std::string& target : {folder.file("pipe"), std::string("/dev/null")}) {
    std::filesystem::create_symlink(target, folder.file("link"));
    CHECK_THAT(write_message(folder.file("link")), Contains("not a regular file"));
    CHECK(std::filesystem::read_symlink(folder.file("link")) == target);
    std::filesystem::remove(folder.file("link"));
  }
}

TEST_CASE("an atomic write replaces a symbolic link, not the file it points to") {
  const TemporaryDirectory folder;
  put(folder.file("pointed_to"), "old");
  std::filesystem::create_symlink("pointed_to", folder.file("link"));
  bnn::write_file_atomically(folder.file("link"), "new");
  CHECK(contents_of(folder.file("pointed_to")) == "old");
  CHECK(contents_of(folder.file("link")) == "new");
  CHECK_FALSE(std::filesystem::is_symlink(folder.file("link")));
}

TEST_CASE("an atomic write removes what killed writers of the same file left behind") {
  const TemporaryDirectory folder;
  const std::string ours = std::to_string(::getpid());
  for (const std::string& name : {".a.txt.tmp." + ours, ".a.txt.tmp." + ours + ".3",
                                  std::string(".a.txt.tmp.1"), std::string(".a.txt.tmp.999999")}) {
    put(folder.file(name), "left behind");
  }
  const std::vector<std::string> others = {".b.txt.tmp.1", ".a.txt.tmp.x", ".a.txt.tmp.1.2.3",
                                           ".a.txt.tmp.", "a.txt.tmp.1"};
  for (const std::string& name : others) put(folder.file(name), "of somebody else");
  REQUIRE(::mkfifo(folder.file(".a.txt.tmp.2").c_str(), 0600) == 0);
  bnn::write_file_atomically(folder.file("a.txt"), "new");
  CHECK(contents_of(folder.file("a.txt")) == "new");
  for (const std::string& name : others)
    CHECK(contents_of(folder.file(name)) == "of somebody else");
  CHECK(entries_in(folder.path()) == others.size() + 2);
}

TEST_CASE("an atomic write leaves the temporary files that others are writing") {
  const TemporaryDirectory folder;
  const std::string path = folder.file("a.txt");
  bnn::AtomicFile first(path);
  first.write(std::as_bytes(std::span("first", 5)));
  const int code = exit_code_of_child([&] {
    bnn::write_file_atomically(path, "of the child");
    return 0;
  });
  CHECK(code == 0);
  CHECK(contents_of(path) == "of the child");
  bnn::write_file_atomically(path, "second");
  first.commit();
  CHECK(contents_of(path) == "first");
  CHECK(entries_in(folder.path()) == 1);
}

TEST_CASE("a killed writer leaves its temporary file to the next one") {
  const TemporaryDirectory folder;
  const std::string path = folder.file("a.txt");
  exit_code_of_child([&] {
    bnn::AtomicFile file(path);
    file.write(std::as_bytes(std::span("half", 4)));
    ::_exit(0);
    return 0;
  });
  REQUIRE(entries_in(folder.path()) == 1);
  bnn::write_file_atomically(path, "whole");
  CHECK(entries_in(folder.path()) == 1);
  CHECK(contents_of(path) == "whole");
}

TEST_CASE("a file that is never committed leaves the old one and no trace") {
  const TemporaryDirectory folder;
  put(folder.file("a.txt"), "old");
  {
    bnn::AtomicFile file(folder.file("a.txt"));
    file.write(std::as_bytes(std::span("new")));
    CHECK(entries_in(folder.path()) == 2);
  }
  CHECK(contents_of(folder.file("a.txt")) == "old");
  CHECK(entries_in(folder.path()) == 1);
}

TEST_CASE("a write that fails half-way leaves the old file and no temporary file") {
  const TemporaryDirectory folder;
  const std::string path = folder.file("a.txt");
  put(path, "old");
  const int code = exit_code_of_child([&] {
    limit_file_size(5000);
    try {
      bnn::write_file_atomically(path, std::string(20000, 'x'));
    } catch (const Error& error) {
      const bool right = error.what() == path + ": cannot write: File too large";
      return error.kind() == ErrorKind::io && right ? 0 : 1;
    }
    return 2;
  });
  CHECK(code == 0);
  CHECK(contents_of(path) == "old");
  CHECK(entries_in(folder.path()) == 1);
}
