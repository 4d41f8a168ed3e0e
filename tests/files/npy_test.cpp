#include "bnn/files/npy.h"

#include <bit>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <string>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include <catch2/catch.hpp>

#include "bnn/core/error.h"
#include "support/temporary_directory.h"

namespace {

using bnn::Error;
using bnn::ErrorKind;
using bnn::NpyWriter;
using bnn::testing::TemporaryDirectory;

std::string contents_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// The float at an index of the data, put together from its bytes.
float value_at(const std::string& file, std::size_t data_offset, std::size_t index) {
  std::uint32_t bits = 0;
  for (std::size_t i = 4; i-- > 0;) {
    bits = bits << 8 | static_cast<unsigned char>(file.at(data_offset + index * 4 + i));
  }
  return std::bit_cast<float>(bits);
}

// Distinct for every place of a [2][3][2] array.
float expected_value(std::size_t sample, std::size_t example, std::size_t k) {
  return static_cast<float>(100 * sample + 10 * example + k) + 0.5f;
}

std::vector<float> block(std::size_t first, std::size_t examples) {
  std::vector<float> values;
  for (std::size_t s = 0; s < 2; ++s) {
    for (std::size_t n = first; n < first + examples; ++n) {
      for (std::size_t k = 0; k < 2; ++k) values.push_back(expected_value(s, n, k));
    }
  }
  return values;
}

template <typename F>
ErrorKind kind_of(F action) {
  try {
    action();
  } catch (const Error& error) {
    return error.kind();
  }
  FAIL("expected an Error");
  return ErrorKind::usage;
}

}  // namespace

TEST_CASE("an NPY file has the header that numpy specifies") {
  const TemporaryDirectory folder;
  NpyWriter writer(folder.file("a.npy"), 2, 3, 2);
  writer.write_block(0, 3, block(0, 3));
  writer.finish();
  // 10 bytes before the dictionary, 62 of it, 55 spaces and a line feed: 128, of which 118 count.
  const std::string expected = std::string("\x93NUMPY\x01\x00\x76\x00", 10) +
                               "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3, 2), }" +
                               std::string(55, ' ') + "\n";
  REQUIRE(expected.size() == 128);
  const std::string file = contents_of(folder.file("a.npy"));
  CHECK(file.substr(0, 128) == expected);
  CHECK(file.size() == 128 + 2 * 3 * 2 * 4);
}

TEST_CASE("an NPY header is a multiple of 64 bytes for every length of the shape") {
  const TemporaryDirectory folder;
  std::size_t samples = 1;
  for (int digits = 1; digits <= 15; ++digits, samples *= 10) {
    NpyWriter writer(folder.file("a.npy"), samples, 0, 1);
    writer.finish();
    CAPTURE(samples);
    const std::string file = contents_of(folder.file("a.npy"));
    CHECK(file.size() % 64 == 0);
    CHECK(file.size() == 10u + static_cast<unsigned char>(file[8]));
    CHECK(file.back() == '\n');
  }
}

TEST_CASE("NPY blocks land at their place in any order") {
  const TemporaryDirectory folder;
  NpyWriter writer(folder.file("a.npy"), 2, 3, 2);
  writer.write_block(2, 1, block(2, 1));
  writer.write_block(0, 2, block(0, 2));
  CHECK_FALSE(std::filesystem::exists(folder.file("a.npy")));
  writer.finish();
  const std::string file = contents_of(folder.file("a.npy"));
  for (std::size_t s = 0; s < 2; ++s) {
    for (std::size_t n = 0; n < 3; ++n) {
      for (std::size_t k = 0; k < 2; ++k) {
        CHECK(value_at(file, 128, (s * 3 + n) * 2 + k) == expected_value(s, n, k));
      }
    }
  }
}

TEST_CASE("an NPY file that is not finished leaves nothing, not even over an old one") {
  const TemporaryDirectory folder;
  std::ofstream(folder.file("a.npy")) << "old";
  {
    NpyWriter writer(folder.file("a.npy"), 2, 3, 2);
    writer.write_block(0, 2, block(0, 2));
    CHECK(kind_of([&] { writer.finish(); }) == ErrorKind::internal);  // one example is missing
  }
  CHECK(contents_of(folder.file("a.npy")) == "old");
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 1);
}

TEST_CASE("an NPY block that does not fit the array is refused") {
  const TemporaryDirectory folder;
  NpyWriter writer(folder.file("a.npy"), 2, 3, 2);
  const std::vector<float> two = block(0, 2);
  CHECK(kind_of([&] { writer.write_block(2, 2, two); }) == ErrorKind::internal);
  CHECK(kind_of([&] { writer.write_block(4, 0, {}); }) == ErrorKind::internal);
  CHECK(kind_of([&] { writer.write_block(0, 1, two); }) == ErrorKind::internal);
  constexpr std::size_t kHuge = std::numeric_limits<std::size_t>::max();
  CHECK(kind_of([&] { writer.write_block(kHuge, 2, two); }) == ErrorKind::internal);
  CHECK(kind_of([&] { writer.write_block(2, kHuge, two); }) == ErrorKind::internal);
}

TEST_CASE("an NPY array too large for a file or without a folder is refused") {
  const TemporaryDirectory folder;
  const std::size_t large = std::size_t{1} << 31;
  CHECK(kind_of([&] { NpyWriter(folder.file("a.npy"), large, large, 1); }) == ErrorKind::io);
  CHECK(kind_of([&] { NpyWriter(folder.file("a.npy"), large, large / 2, 1); }) == ErrorKind::io);
  CHECK(kind_of([&] { NpyWriter(folder.file("none/a.npy"), 1, 1, 1); }) == ErrorKind::io);
  CHECK(std::filesystem::is_empty(folder.path()));
}

TEST_CASE("an NPY file that the disk cannot take leaves nothing") {
  const TemporaryDirectory folder;
  const pid_t child = ::fork();
  if (child == 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{150, 150};  // the header and less than the data
    ::setrlimit(RLIMIT_FSIZE, &limit);
    int code = 1;
    try {
      NpyWriter writer(folder.file("a.npy"), 2, 3, 2);
      writer.write_block(0, 3, block(0, 3));
    } catch (const Error& error) {
      code = error.kind() == ErrorKind::io ? 0 : 2;
    }
    ::_exit(code);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
  CHECK(std::filesystem::is_empty(folder.path()));
}
