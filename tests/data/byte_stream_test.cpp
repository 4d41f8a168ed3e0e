#include "bnn/data/byte_stream.h"

#include <fstream>
#include <iterator>

#include <catch2/catch.hpp>

#include "bnn/core/error.h"
#include "support/data_files.h"
#include "support/temporary_directory.h"

namespace bnn {
namespace {

using Catch::Matchers::Contains;
using testing::Bytes;
using testing::TemporaryDirectory;

Bytes file_bytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return Bytes(std::istreambuf_iterator<char>(file), {});
}

Bytes read_all(const std::string& path, std::size_t step) {
  ByteStream stream{InputFile(path, ErrorKind::data)};
  Bytes all, part(step);
  for (std::size_t got = step; got == step;) {
    got = stream.read(part);
    all.insert(all.end(), part.begin(), part.begin() + static_cast<std::ptrdiff_t>(got));
  }
  return all;
}

std::string problem(const std::string& path) {
  try {
    read_all(path, 1000);
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::data);
    return error.what();
  }
  return "";
}

Bytes noise(std::size_t size) {
  Bytes bytes;
  for (std::uint32_t i = 0; i < size; ++i) {
    bytes.push_back(static_cast<std::uint8_t>((i * 2654435761u) >> 24));
  }
  return bytes;
}

TEST_CASE("a byte stream gives the bytes of a file, compressed or not") {
  TemporaryDirectory directory;
  const std::string path = directory.file("a");
  for (const std::size_t size : {0u, 1u, 2u, 65535u, 65536u, 65537u, 300000u}) {
    for (const bool gzip : {false, true}) {
      testing::write_bytes(path, noise(size), gzip);
      CHECK(read_all(path, 1) == noise(size));
      CHECK(read_all(path, 100003) == noise(size));
      const auto known = ByteStream{InputFile(path, ErrorKind::data)}.size();
      CHECK(known.has_value() == !gzip);
      CHECK(known.value_or(size) == size);
    }
  }
}

TEST_CASE("gzip members in a row are one stream") {
  TemporaryDirectory directory;
  testing::write_bytes(directory.file("a"), {1, 2, 3}, true);
  testing::write_bytes(directory.file("b"), {4, 5}, true);
  Bytes both = file_bytes(directory.file("a"));
  for (const std::uint8_t byte : file_bytes(directory.file("b"))) both.push_back(byte);
  testing::write_bytes(directory.file("both"), both);
  CHECK(read_all(directory.file("both"), 100) == Bytes{1, 2, 3, 4, 5});
}

TEST_CASE("damaged gzip data is an error wherever the damage is") {
  TemporaryDirectory directory;
  const std::string path = directory.file("a");
  testing::write_bytes(path, noise(200), true);
  const Bytes whole = file_bytes(path);
  for (std::size_t size = 2; size < whole.size(); ++size) {
    testing::write_bytes(path, Bytes(whole.begin(), whole.begin() + static_cast<long>(size)));
    CHECK(problem(path) == path + ": the gzip-compressed data ends too early");
  }
  // Bytes 4 to 9 hold time, flags and system, which no checksum covers.
  for (std::size_t place = 10; place < whole.size(); ++place) {
    Bytes flipped = whole;
    flipped[place] ^= 0x01;
    testing::write_bytes(path, flipped);
    INFO(place);
    CHECK_FALSE(problem(path).empty());
  }
  Bytes longer = whole;
  longer.push_back(0x55);
  longer.push_back(0x55);
  testing::write_bytes(path, longer);
  CHECK_THAT(problem(path), Contains("damaged"));
}

}  // namespace
}  // namespace bnn
