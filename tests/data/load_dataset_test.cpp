#include "bnn/data/load_dataset.h"

#include <algorithm>
#include <array>
#include <fcntl.h>
#include <filesystem>
#include <thread>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "bnn/core/error.h"
#include "support/data_files.h"
#include "support/temporary_directory.h"

namespace bnn {
namespace {

using Catch::Matchers::Contains;
using testing::TemporaryDirectory;

const Shape kImage{32, 32, 3};

template <typename Call>
std::string problem(ErrorKind kind, const Call& call) {
  try {
    call();
  } catch (const Error& error) {
    CHECK(error.kind() == kind);
    return error.what();
  }
  return "";
}

// Standard input comes from a file (which it closes) while this lives.
class StandardInputFrom {
 public:
  explicit StandardInputFrom(const std::string& path)
      : StandardInputFrom(::open(path.c_str(), O_RDONLY)) {}
  explicit StandardInputFrom(int file) : saved_(::dup(STDIN_FILENO)) {
    ::dup2(file, STDIN_FILENO);
    ::close(file);
  }
  ~StandardInputFrom() {
    ::dup2(saved_, STDIN_FILENO);
    ::close(saved_);
  }
  StandardInputFrom(const StandardInputFrom&) = delete;
  StandardInputFrom& operator=(const StandardInputFrom&) = delete;

 private:
  int saved_;
};

TEST_CASE("files are loaded in order and remember where they begin") {
  TemporaryDirectory directory;
  testing::write_cifar10(directory.file("a"), 3, 0);
  testing::write_cifar10(directory.file("b"), 2, 7);
  const Dataset data =
      load_dataset({}, {{"b", directory.file("a")}, "", ""}, directory.path(), kImage, 10);
  REQUIRE(data.size() == 5);
  CHECK(std::ranges::equal(data.labels(), std::vector<int>{7, 8, 0, 1, 2}));
  CHECK(data.pixels().size() == 5 * 3072);
  CHECK(data.image(2)[0] == testing::pattern_pixel(0, 0, 32, 0, 0, 0));
  const auto& files = data.provenance().files();
  REQUIRE(files.size() == 2);
  CHECK(files[0].name == "b");
  CHECK(files[1].name == directory.file("a"));
  CHECK(files[1].first == 2);
  CHECK(files[1].count == 3);
}

TEST_CASE("files that are read at the same time give the data set of files read one by one") {
  TemporaryDirectory directory;
  FileSet set;
  for (int i = 0; i < 5; ++i) {
    set.files.push_back("f" + std::to_string(i));
    // More than one chunk of the reader, and less.
    testing::write_cifar10(directory.file(set.files.back()), i % 2 == 0 ? 50 : 3, i);
  }
  const Dataset expected = load_dataset({}, set, directory.path(), kImage, 10);
  ThreadPool pool(3);
  const Dataset data = load_dataset({}, set, directory.path(), kImage, 10, {&pool});
  CHECK(data.size() == 156);
  CHECK(std::ranges::equal(data.pixels(), expected.pixels()));
  CHECK(std::ranges::equal(data.labels(), expected.labels()));
  CHECK(data.provenance().files()[3].first == expected.provenance().files()[3].first);

  // Of several broken files, the first in the list is named.
  for (const int broken : {1, 2, 4}) {
    testing::write_bytes(directory.file("f" + std::to_string(broken)), testing::Bytes(3073, 255));
  }
  for (int round = 0; round < 20; ++round) {
    CHECK_THAT(problem(ErrorKind::data,
                       [&] { load_dataset({}, set, directory.path(), kImage, 10, {&pool}); }),
               Contains("/f1: record 0"));
  }
}

TEST_CASE("a missing file is noticed whatever its place in the list") {
  TemporaryDirectory directory;
  testing::write_cifar10(directory.file("a"), 1);
  const std::string message = problem(ErrorKind::data, [&] {
    load_dataset({}, {{"a", "b"}, "", ""}, directory.path(), kImage, 10);
  });
  CHECK(message == directory.file("b") + ": cannot read: No such file or directory");
  // It is noticed even before the records of the files that are there.
  testing::write_bytes(directory.file("a"), testing::Bytes(3073, 255));
  CHECK_THAT(problem(ErrorKind::data,
                     [&] {
                       load_dataset({}, {{"a", "b"}, "", ""}, directory.path(), kImage, 10);
                     }),
             Contains("No such file"));
  CHECK_THAT(problem(ErrorKind::data, [&] { load_dataset({}, {}, "", kImage, 10); }),
             Contains("no data files"));
}

TEST_CASE("a sparse file of five gigabytes is refused by its size alone") {
  TemporaryDirectory directory;
  testing::write_bytes(directory.file("a"), {1});
  std::filesystem::resize_file(directory.file("a"), std::uint64_t{5} << 30);
  CHECK_THAT(problem(ErrorKind::data,
                     [&] {
                       load_dataset({}, {{"a"}, "", ""}, directory.path(), kImage, 10);
                     }),
             Contains("found 5368709120 bytes"));
}

TEST_CASE("standard input is read in the configured format") {
  TemporaryDirectory directory;
  const std::string path = directory.file("a");
  const FileSet input{{"-"}, "", ""};
  testing::write_cifar10(path, 100, 2);
  {
    const StandardInputFrom redirect(path);
    const Dataset data = load_dataset({}, input, directory.path(), kImage, 10);
    REQUIRE(data.size() == 100);
    CHECK(data.labels()[99] == 1);
    CHECK(data.image(99)[3071] == testing::pattern_pixel(99, 2, 32, 31, 31, 2));
    CHECK(data.provenance().files()[0].name == "-");
  }
  std::filesystem::resize_file(path, 2 * 3073 + 1);
  const StandardInputFrom redirect(path);
  CHECK_THAT(problem(ErrorKind::data, [&] { load_dataset({}, input, "", kImage, 10); }),
             Contains("standard input: ends inside record 2"));
  // Now it is at its end.
  CHECK_THAT(problem(ErrorKind::data, [&] { load_dataset({}, input, "", kImage, 10); }),
             Contains("standard input: holds no records"));
}

TEST_CASE("a pipe that delivers piece by piece is read to its end") {
  std::array<int, 2> ends = {};
  REQUIRE(::pipe(ends.data()) == 0);
  const testing::Bytes bytes = testing::cifar10_bytes(100);  // five times what a pipe holds
  std::thread writer([&] {
    std::size_t done = 0;
    while (done < bytes.size()) {
      const ssize_t put = ::write(ends[1], bytes.data() + done, bytes.size() - done);
      if (put <= 0) break;
      done += static_cast<std::size_t>(put);
    }
    ::close(ends[1]);
  });
  const StandardInputFrom redirect(ends[0]);
  Dataset data;
  const std::string message = problem(ErrorKind::data, [&] {
    data = load_dataset({}, {{"-"}, "", ""}, "", kImage, 10);
  });
  std::array<char, 4096> rest = {};
  while (::read(STDIN_FILENO, rest.data(), rest.size()) > 0) continue;  // so that the writer ends
  writer.join();
  CHECK(message.empty());
  CHECK(data.size() == 100);
}

TEST_CASE("idx files are loaded as pairs, or alone for prediction") {
  TemporaryDirectory directory;
  testing::write_idx_images(directory.file("i"), 4, 5, 6, 1, 3, true);
  testing::write_idx_labels(directory.file("l"), 4, 3, true);
  DataConfig config;
  config.format = DataFormat::idx;
  const Dataset pair = load_dataset(config, {{}, "i", "l"}, directory.path(), {5, 6, 1}, 10);
  CHECK(pair.size() == 4);
  CHECK(std::ranges::equal(pair.labels(), std::vector<int>{3, 4, 5, 6}));
  CHECK(pair.image(3)[29] == testing::pattern_pixel(3, 3, 5, 4, 5, 0));
  const Dataset lone = load_dataset(config, {{"i", "i"}, "", ""}, directory.path(), {5, 6, 1}, 10);
  CHECK(lone.size() == 8);
  CHECK_FALSE(lone.has_labels());
  CHECK(lone.provenance().index_in_file(6) == 2);
  const StandardInputFrom redirect(directory.file("i"));
  const Dataset piped = load_dataset(config, {{"-"}, "", ""}, "", {5, 6, 1}, 10);
  CHECK(std::ranges::equal(piped.pixels(), pair.pixels()));
}

}  // namespace
}  // namespace bnn
