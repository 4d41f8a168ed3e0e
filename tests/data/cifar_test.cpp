#include "bnn/data/cifar.h"

#include <filesystem>

#include <catch2/catch.hpp>

#include "bnn/core/error.h"
#include "bnn/data/load_dataset.h"
#include "support/data_files.h"
#include "support/temporary_directory.h"

namespace bnn {
namespace {

using Catch::Matchers::Contains;
using Catch::Matchers::EndsWith;
using testing::Bytes;
using testing::TemporaryDirectory;
using testing::write_bytes;

const Shape kImage{32, 32, 3};

DataConfig with_format(DataFormat format) {
  DataConfig config;
  config.format = format;
  return config;
}

std::vector<int> labels_of(const Dataset& data) {
  return {data.labels().begin(), data.labels().end()};
}

Bytes pixels_of(const Dataset& data) { return {data.pixels().begin(), data.pixels().end()}; }

std::string problem(const DataConfig& config, const std::string& path, const Shape& shape,
                    int classes, ErrorKind kind = ErrorKind::data) {
  try {
    load_dataset(config, {{path}, "", ""}, "", shape, classes);
  } catch (const Error& error) {
    CHECK(error.kind() == kind);
    return error.what();
  }
  return "";
}

TEST_CASE("cifar10 planes become pixels with channels last") {
  TemporaryDirectory directory;
  testing::write_cifar10(directory.file("a.bin"), 3, 5);
  const Dataset data = load_dataset(with_format(DataFormat::cifar10), {{"a.bin"}, "", ""},
                                    directory.path(), kImage, 10);
  REQUIRE(data.size() == 3);
  CHECK(data.classes() == 10);
  CHECK(labels_of(data) == std::vector<int>{5, 6, 7});
  REQUIRE(data.pixels().size() == 3 * 3072);
  bool equal = true;
  for (int example = 0; example < 3; ++example) {
    for (int row = 0; row < 32; ++row) {
      for (int column = 0; column < 32; ++column) {
        for (int channel = 0; channel < 3; ++channel) {
          const int place = ((example * 32 + row) * 32 + column) * 3 + channel;
          equal = equal && data.pixels()[static_cast<std::size_t>(place)] ==
                               testing::pattern_pixel(example, 5, 32, row, column, channel);
        }
      }
    }
  }
  CHECK(equal);
}

TEST_CASE("a file longer than one read is read to its end") {
  TemporaryDirectory directory;
  Bytes bytes;
  for (int i = 0; i < 1000; ++i) {
    bytes.push_back(static_cast<std::uint8_t>(i % 10));
    for (int k = 0; k < 3072; ++k) bytes.push_back(static_cast<std::uint8_t>((i * 7 + k / 1024)));
  }
  write_bytes(directory.file("a"), bytes);
  const Dataset data =
      load_dataset(with_format(DataFormat::cifar10), {{"a"}, "", ""}, directory.path(), kImage, 10);
  REQUIRE(data.size() == 1000);
  bool equal = true;
  for (std::size_t i = 0; i < 1000; ++i) {
    equal = equal && data.labels()[i] == static_cast<int>(i % 10);
    for (std::size_t k = 0; k < 3072; ++k) {
      equal = equal && data.image(i)[k] == static_cast<std::uint8_t>(i * 7 + k % 3);
    }
  }
  CHECK(equal);
}

TEST_CASE("cifar100 gives fine or coarse labels") {
  TemporaryDirectory directory;
  Bytes bytes(2 * 3074, 9);
  bytes[0] = 19, bytes[1] = 99, bytes[3074] = 0, bytes[3075] = 42;
  const std::string path = directory.file("train.bin");
  write_bytes(path, bytes);
  DataConfig config = with_format(DataFormat::cifar100);
  CHECK(format_classes(config) == 100);
  CHECK(labels_of(load_dataset(config, {{path}, "", ""}, "", kImage, 100)) ==
        std::vector<int>{99, 42});
  config.fine_labels = false;
  CHECK(format_classes(config) == 20);
  CHECK(labels_of(load_dataset(config, {{path}, "", ""}, "", kImage, 20)) ==
        std::vector<int>{19, 0});
}

TEST_CASE("the generic format takes its shape from the model") {
  TemporaryDirectory directory;
  const std::string path = directory.file("a");
  // Two records of three label bytes and 2 channels x 1 row x 3 columns.
  write_bytes(path, {7, 1, 8, 10, 11, 12, 20, 21, 22, 7, 0, 8, 30, 31, 32, 40, 41, 42});
  DataConfig config = with_format(DataFormat::cifar);
  config.label_bytes = 3;
  config.label_index = 1;
  CHECK(format_classes(config) == 0);
  const Dataset data = load_dataset(config, {{path}, "", ""}, "", {1, 3, 2}, 2);
  CHECK(data.classes() == 2);
  CHECK(labels_of(data) == std::vector<int>{1, 0});
  CHECK(pixels_of(data) == Bytes{10, 20, 11, 21, 12, 22, 30, 40, 31, 41, 32, 42});
}

TEST_CASE("a cifar file of the wrong size says which format would fit") {
  TemporaryDirectory directory;
  const std::string path = directory.file("a");
  const DataConfig cifar10 = with_format(DataFormat::cifar10);
  const DataConfig cifar100 = with_format(DataFormat::cifar100);
  for (const std::size_t size : {1u, 3072u, 3074u + 1, 5 * 3073u - 1}) {
    write_bytes(path, Bytes(size));
    const std::string message = problem(cifar10, path, kImage, 10);
    CHECK_THAT(message, Contains("records of 3073 bytes") &&
                            EndsWith("found " + std::to_string(size) + " bytes"));
  }
  write_bytes(path, {});
  CHECK_THAT(problem(cifar10, path, kImage, 10), EndsWith("found 0 bytes"));
  write_bytes(path, Bytes(2 * 3074));
  CHECK_THAT(problem(cifar10, path, kImage, 10), EndsWith("the size fits format \"cifar100\""));
  write_bytes(path, Bytes(2 * 3073));
  CHECK_THAT(problem(cifar100, path, kImage, 100), EndsWith("the size fits format \"cifar10\""));
  testing::write_cifar10(path, 0);
  write_bytes(path, testing::cifar10_bytes(2), true);
  CHECK_THAT(problem(cifar10, path, kImage, 10), Contains("gzip-compressed"));
  testing::write_idx_images(path, 2, 32, 32);
  CHECK_THAT(problem(cifar10, path, kImage, 10), Contains("looks like an idx file"));
}

TEST_CASE("a cifar label out of range names the record") {
  TemporaryDirectory directory;
  const std::string path = directory.file("a");
  Bytes bytes(4 * 3073);
  bytes[3 * 3073] = 10;
  write_bytes(path, bytes);
  const DataConfig cifar10 = with_format(DataFormat::cifar10);
  CHECK(problem(cifar10, path, kImage, 10) ==
        path + ": record 3: label 10 is out of range; expected 0 to 9 (format \"cifar10\")");
  CHECK_FALSE(problem(cifar10, path, kImage, 100).empty());
  CHECK_FALSE(problem(cifar10, path, kImage, 0).empty());
  bytes[3 * 3073] = 9;
  write_bytes(path, bytes);
  CHECK(problem(cifar10, path, kImage, 10).empty());
  CHECK_THAT(problem(cifar10, path, kImage, 9),
             Contains("label 9") && Contains("expected 0 to 8 (the model has 9 outputs)"));
  bytes[0] = 0x1f, bytes[1] = 0x8b;
  write_bytes(path, bytes);
  CHECK_THAT(problem(cifar10, path, kImage, 10),
             Contains("record 0: label 31") && Contains("gzip-compressed"));
  bytes[0] = 0;
  const DataConfig generic = with_format(DataFormat::cifar);
  bytes[3 * 3073] = 255;
  write_bytes(path, bytes);
  CHECK_THAT(problem(generic, path, kImage, 255), Contains("label 255"));
  CHECK(problem(generic, path, kImage, 256).empty());
  CHECK(problem(generic, path, kImage, 0).empty());
}

TEST_CASE("a cifar file that shrinks while it is read is an error") {
  TemporaryDirectory directory;
  const std::string path = directory.file("a");
  testing::write_cifar10(path, 4);
  const CifarLayout layout = cifar_layout(with_format(DataFormat::cifar10), kImage, 10);
  for (const std::uintmax_t size : {3u * 3073, 3u * 3073 - 1, 0u}) {
    InputFile file(path, ErrorKind::data);
    std::filesystem::resize_file(path, size);
    RawImages images;
    CHECK_THROWS_WITH(append_cifar(file, layout, images), Contains("ends inside record"));
    testing::write_cifar10(path, 4);
  }
}

TEST_CASE("cifar10 and cifar100 need a model that reads 32 x 32 x 3") {
  const std::string message =
      problem(with_format(DataFormat::cifar10), "none", {28, 28, 1}, 10, ErrorKind::config);
  CHECK(message == "/model/input: images of format \"cifar10\" are 32 x 32 x 3, found 28 x 28 x 1");
  CHECK_FALSE(
      problem(with_format(DataFormat::cifar100), "none", {32, 32, 1}, 100, ErrorKind::config)
          .empty());
}

}  // namespace
}  // namespace bnn
