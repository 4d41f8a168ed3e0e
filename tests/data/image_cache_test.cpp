// Decoded images in a mapped file: the same as in memory, made anew when a source changes or the
// file is damaged, and never half a file.

#include "bnn/data/image_cache.h"

#include <filesystem>

#include <catch2/catch.hpp>

#include "bnn/core/error.h"
#include "bnn/data/dataset.h"
#include "support/data_files.h"
#include "support/image_files.h"
#include "support/temporary_directory.h"
#include "support/tiny_run.h"

namespace bnn::testing {
namespace {

namespace fs = std::filesystem;

constexpr Shape kShape{8, 8, 1};

// Ten images of two classes, one of them of another size, and one that is none.
class Sources {
 public:
  Sources() {
    for (int i = 0; i < 10; ++i) add(i, pattern_png(i, kTinyTrainPattern));
    Bytes wide(6 * 20, 77);
    wide[3] = 200;
    add(4, png_bytes({.height = 6, .width = 20, .colour = 0}, wide));
  }
  void add(int i, const Bytes& bytes) {
    const std::string name = std::to_string(i) + ".png";
    write_bytes(folder_.file(name), bytes);
    if (static_cast<std::size_t>(i) == files.size()) {
      files.push_back({folder_.file(name), name, i % 2});
    }
  }
  std::string cache_folder() const { return folder_.file("cache"); }
  /// The one file of the cache.
  std::string cache_file() const {
    std::vector<std::string> found;
    for (const auto& entry : fs::directory_iterator(cache_folder())) found.push_back(entry.path());
    REQUIRE(found.size() == 1);
    return found[0];
  }

  std::vector<LabelledFile> files;

 private:
  TemporaryDirectory folder_;
};

DecodedImages mapped(const Sources& sources, const DecodeOptions& how = {}, int threads = 2) {
  ThreadPool pool(threads);
  return decode_or_map(sources.files, kShape, how, {sources.cache_folder(), true}, pool);
}

void check_same(const DecodedImages& a, const DecodedImages& b) {
  CHECK(std::equal(a.images.bytes().begin(), a.images.bytes().end(), b.images.bytes().begin(),
                   b.images.bytes().end()));
  CHECK(a.images.labels == b.images.labels);
  CHECK(a.names == b.names);
  CHECK(a.stream_names == b.stream_names);
  CHECK(a.skipped == b.skipped);
  CHECK(a.changes.sentence(kShape) == b.changes.sentence(kShape));
}

DecodedImages in_memory(const Sources& sources, const DecodeOptions& how = {}) {
  ThreadPool pool(2);
  return decode_images(sources.files, kShape, how, pool);
}

}  // namespace

TEST_CASE("images in a mapped file are those in memory") {
  Sources sources;
  const DecodedImages expected = in_memory(sources);
  check_same(mapped(sources), expected);
  const auto made = fs::last_write_time(sources.cache_file());
  const DecodedImages again = mapped(sources, {}, 1);
  check_same(again, expected);
  CHECK(fs::last_write_time(sources.cache_file()) == made);
  CHECK(again.cache_note.find(sources.cache_file()) != std::string::npos);
  CHECK(again.images.pixels.empty());
  // Small sets stay in memory.
  ThreadPool pool(1);
  CHECK_FALSE(decode_or_map(sources.files, kShape, {}, {}, pool).images.mapped);
}

TEST_CASE("a mapped file is made anew when a source or the list changes") {
  Sources sources;
  mapped(sources);
  sources.add(3, pattern_png(33, kTinyTrainPattern));
  fs::last_write_time(sources.files[3].path, fs::file_time_type::clock::now());
  check_same(mapped(sources), in_memory(sources));
  sources.files.pop_back();
  check_same(mapped(sources), in_memory(sources));
  const DecodeOptions padded{BrokenImages::refuse, ResizeMode::pad};
  check_same(mapped(sources, padded), in_memory(sources, padded));
  CHECK(std::distance(fs::directory_iterator(sources.cache_folder()), {}) == 3);
}

TEST_CASE("a damaged mapped file is made anew") {
  const Sources sources;
  const DecodedImages expected = in_memory(sources);
  mapped(sources);
  const std::string path = sources.cache_file(), good = read_bytes(path);
  std::vector<std::size_t> places = {0, 13, 14, 20, 22, 40, 60, good.size() - 1, good.size() / 2};
  for (std::size_t at = good.find("stream"); at < 400; at += 7) places.push_back(at);
  for (std::size_t at = 30; at < 420; at += 11) places.push_back(at);
  for (const std::size_t at : places) {
    if (at >= good.size()) continue;
    CAPTURE(at);
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 0x11);
    write_text(path, bad);
    const DecodedImages found = mapped(sources);
    CHECK(found.stream_names == expected.stream_names);
    CHECK(found.images.labels == expected.images.labels);
    CHECK(std::equal(found.images.bytes().begin(), found.images.bytes().end(),
                     expected.images.bytes().begin(), expected.images.bytes().end()));
  }
  // A place in the list that is another valid one gives another label.
  const std::size_t header = good.find('{'), end = good.find('}', header) + 1;
  const std::size_t first_place = end + expected.names.size() * sizeof(std::uint32_t);
  std::string swapped = good;
  swapped[first_place] = static_cast<char>(swapped[first_place] ^ 1);
  write_text(path, swapped);
  check_same(mapped(sources), expected);
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{9}, std::size_t{100}, good.size() - 1}) {
    write_text(path, good.substr(0, size));
    check_same(mapped(sources), expected);
  }
  write_text(path, good + "x");
  check_same(mapped(sources), expected);
}

TEST_CASE("broken images are refused without a mapped file, or listed in it") {
  Sources sources;
  sources.add(10, {'n', 'o'});
  CHECK_THROWS_WITH(mapped(sources), Catch::Matchers::Contains("10.png"));
  CHECK(fs::is_empty(sources.cache_folder()));
  const DecodeOptions skip{BrokenImages::skip, ResizeMode::stretch};
  const DecodedImages expected = in_memory(sources, skip);
  REQUIRE(expected.skipped.size() == 1);
  check_same(mapped(sources, skip), expected);
  check_same(mapped(sources, skip), expected);
  write_text(sources.files[0].path + ".not", "x");
  ThreadPool pool(1);
  CHECK_THROWS_AS(
      decode_or_map(sources.files, kShape, skip, {sources.files[0].path + ".not/x", true}, pool),
      Error);
}

TEST_CASE("changes of mapped pixels stay in one data set") {
  const Sources sources;
  Dataset data(kShape, {"even", "odd"}, mapped(sources));
  CHECK(data.resident_bytes() == 0);
  Dataset copy = data;
  copy.writable_image(2)[5] ^= 0xFF;
  CHECK(copy.image(2)[5] != data.image(2)[5]);
  data.writable_image(1)[0] ^= 0xFF;
  const Dataset fresh(kShape, {"even", "odd"}, mapped(sources));
  CHECK(fresh.image(2)[5] == data.image(2)[5]);
  CHECK(fresh.image(1)[0] == copy.image(1)[0]);
}

}  // namespace bnn::testing
