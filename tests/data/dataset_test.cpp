#include "bnn/data/dataset.h"

#include <algorithm>

#include <catch2/catch.hpp>

#include "bnn/core/error.h"

namespace bnn {
namespace {

using Catch::Matchers::Contains;
using Bytes = std::vector<std::uint8_t>;

const Shape kPair{1, 2, 1};

Image grey(const Bytes& bytes) { return {1, static_cast<int>(bytes.size()), 1, bytes}; }

template <typename Call>
std::string internal_problem(const Call& call) {
  try {
    call();
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::internal);
    return error.what();
  }
  return "";
}

TEST_CASE("a data set of files knows the file of each example and its place there") {
  const Dataset data(kPair, 3, {{1, 2, 3, 4, 5, 6}, {2, 0, 1}}, {{"a", 1}, {"b", 2}});
  CHECK(data.size() == 3);
  CHECK(data.classes() == 3);
  CHECK(std::ranges::equal(data.image(1), Bytes{3, 4}));
  CHECK(data.labels()[2] == 1);
  const Provenance& provenance = data.provenance();
  CHECK_FALSE(provenance.has_stream_names());
  REQUIRE(provenance.files().size() == 2);
  for (const std::size_t example : {0u, 1u, 2u}) {
    CHECK(&provenance.file_of(example) == &provenance.files()[example < 1 ? 0 : 1]);
    CHECK(provenance.index_in_file(example) == (example < 1 ? example : example - 1));
    CHECK(data.stream_name(example) == provenance.index_in_file(example));
  }
  CHECK(data.class_folders().empty());
  CHECK_FALSE(data.changes().any());
}

TEST_CASE("a data set is refused whose parts do not agree") {
  const auto made = [](RawImages images, const std::vector<FileExamples>& files) {
    return internal_problem([&] { Dataset(kPair, 3, std::move(images), files); });
  };
  CHECK(made({{1, 2, 3, 4}, {0, 2}}, {{"a", 2}}).empty());
  CHECK(made({{1, 2, 3, 4}, {}}, {{"a", 1}, {"b", 1}}).empty());
  CHECK_THAT(made({{1, 2, 3}, {}}, {{"a", 2}}), Contains("files and pixels differ in number"));
  CHECK_THAT(made({{1, 2, 3, 4}, {}}, {{"a", 1}}), Contains("files and pixels differ in number"));
  CHECK_THAT(made({{1, 2, 3, 4}, {0}}, {{"a", 2}}), Contains("some have none"));
  CHECK_THAT(made({{1, 2, 3, 4}, {0, 3}}, {{"a", 2}}), Contains("a label is out of range"));
  CHECK_THAT(made({{1, 2, 3, 4}, {-1, 0}}, {{"a", 2}}), Contains("a label is out of range"));
}

TEST_CASE("an image file is fitted, and its pixels alone name its random streams") {
  Dataset data(kPair, 3);
  data.append_image(grey({7, 9}), "a.png", 2);
  data.append_image(grey({7, 7, 9, 9}), "b.png", 0);
  data.append_image(grey({9, 7}), "c.png", 1);
  CHECK(std::ranges::equal(data.pixels(), Bytes{7, 9, 7, 9, 9, 7}));
  CHECK(std::ranges::equal(data.labels(), std::vector<int>{2, 0, 1}));
  CHECK(data.stream_name(0) == data.stream_name(1));
  CHECK(data.stream_name(0) != data.stream_name(2));
  CHECK(data.provenance().file_of(1).name == "b.png");
  CHECK(data.changes().images == 3);
  CHECK(data.changes().resized == 1);
}

TEST_CASE("an image that breaks the rules of its data set is refused and leaves it as it was") {
  Dataset data(kPair, 3);
  data.append_image(grey({7, 9}), "a.png", 2);
  CHECK_THAT(internal_problem([&] {
               data.append_image(grey({1, 2}), "b");
             }),
             Contains("some have none"));
  CHECK_THAT(internal_problem([&] {
               data.append_image(grey({1, 2}), "b", 3);
             }),
             Contains("out of range"));
  CHECK(data.size() == 1);
  CHECK(data.pixels().size() == 2);
  CHECK(data.changes().images == 1);

  Dataset of_files(kPair, 3, {{1, 2}}, {{"a", 1}});
  CHECK_THAT(internal_problem([&] {
               of_files.append_image(grey({1, 2}), "b");
             }),
             Contains("stream names"));
  CHECK(of_files.size() == 1);
  CHECK(of_files.pixels().size() == 2);
  Dataset wide({1, 2, 2}, 3);
  CHECK_THROWS_WITH(wide.append_image(grey({1, 2}), "b"), Contains("1 or 3 channels"));
}

TEST_CASE("images of another data set are fitted and keep the names of their streams") {
  const Dataset part({1, 4, 1}, 3, {{1, 1, 5, 5, 2, 2, 6, 6}, {0, 1}}, {{"p", 2}});
  Dataset data(kPair, 3);
  data.append_image(grey({7, 9}), "a.png");
  data.append_fitted(part, "q");
  CHECK(std::ranges::equal(data.pixels(), Bytes{7, 9, 1, 5, 2, 6}));
  CHECK_FALSE(data.has_labels());
  CHECK(data.stream_name(1) == 0);
  CHECK(data.stream_name(2) == 1);
  CHECK(data.provenance().file_of(2).name == "q");
  CHECK(data.changes().images == 3);
  CHECK(data.changes().resized == 2);

  const Dataset same(kPair, 3, {{3, 4}}, {{"s", 1}});
  data.append_fitted(same, "s");
  CHECK(std::ranges::equal(data.image(3), Bytes{3, 4}));
  CHECK(data.changes().images == 4);
  CHECK(data.changes().resized == 2);
}

TEST_CASE("each class folder is a class") {
  DecodedImages decoded{{{7, 9}, {1}}, {"dog/1.png"}, {77}, {}, {"dog/2.png: broken"}};
  Dataset data(kPair, std::vector<std::string>{"cat", "dog"}, decoded);
  CHECK(data.classes() == 2);
  CHECK(data.stream_name(0) == 77);
  CHECK(data.skipped() == decoded.skipped);
  CHECK(data.class_folders() == std::vector<std::string>{"cat", "dog"});
  CHECK_THAT(internal_problem([&] {
               data.append_image(grey({1, 2}), "b", 2);
             }),
             Contains("out of range"));
}

TEST_CASE("32 bits number the examples of a data set") {
  Provenance provenance;
  provenance.append_file("a", 4294967290);
  provenance.append_file("b", 5);
  CHECK(provenance.size() == 4294967295);
  CHECK_THROWS_WITH(provenance.append_file("c", 1), "c: more than 4294967295 examples in all");
  CHECK(provenance.files().size() == 2);
}

TEST_CASE("a written image changes neither the names of its streams nor its file") {
  Dataset data(kPair, 3);
  data.append_image(grey({7, 9}), "a.png");
  const std::uint32_t name = data.stream_name(0);
  data.writable_image(0)[1] = 1;
  CHECK(std::ranges::equal(data.image(0), Bytes{7, 1}));
  CHECK(data.stream_name(0) == name);
}

}  // namespace
}  // namespace bnn
