#include "bnn/files/checkpoint_file.h"

#include <bit>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <string>
#include <sys/stat.h>
#include <vector>

#include <catch2/catch.hpp>

#include "bnn/core/error.h"
#include "support/temporary_directory.h"

namespace {

using bnn::CheckpointContents;
using bnn::Error;
using bnn::ErrorKind;
using bnn::TensorView;
using bnn::testing::TemporaryDirectory;
using Catch::Matchers::Contains;
using Metadata = std::map<std::string, std::string>;

const std::vector<float> kWeights = {1.0f, -2.5f};
const std::vector<float> kMoments = {0.25f, 0.0f};

std::vector<TensorView> small_tensors() {
  return {{"w", {1, 2}, kWeights}, {"optimizer/v/w", {2}, kMoments}};
}

Metadata small_metadata() {
  return {{"format", "bnn"},
          {"format_version", "1"},
          {"config", "{\"a\": 1}"},
          {"state", "{\"step\": 3}"},
          {"kernel", "Haswell"}};
}

void write_small(const std::string& path) {
  bnn::write_checkpoint_file(path, "{\"a\": 1}", "{\"step\": 3}", {{"kernel", "Haswell"}},
                             small_tensors());
}

// CRC-32 bit by bit, from its polynomial.
std::uint32_t crc32_of(const std::string& bytes) {
  std::uint32_t crc = 0xFFFFFFFFu;
  for (const char c : bytes) {
    crc ^= static_cast<unsigned char>(c);
    for (int i = 0; i < 8; ++i) crc = crc >> 1 ^ ((crc & 1u) != 0 ? 0xEDB88320u : 0u);
  }
  return ~crc;
}

std::string number(std::uint64_t value) {
  std::string bytes;
  for (int i = 0; i < 8; ++i) bytes += static_cast<char>(value >> (8 * i) & 0xFF);
  return bytes;
}

// The digest as the header of checkpoint_file describes it; expects tensors sorted by name.
std::string digest_of(const Metadata& metadata, const std::vector<TensorView>& tensors) {
  std::string bytes = number(tensors.size());
  for (const TensorView& tensor : tensors) {
    bytes += number(tensor.name.size()) + tensor.name + number(tensor.shape.size());
    for (const std::int64_t d : tensor.shape) bytes += number(static_cast<std::uint64_t>(d));
    bytes += number(tensor.values.size() * 4);
    for (const float value : tensor.values) {
      bytes += number(std::bit_cast<std::uint32_t>(value)).substr(0, 4);
    }
  }
  bytes += number(metadata.size());
  for (const auto& [key, value] : metadata) {
    bytes += number(key.size()) + key + number(value.size()) + value;
  }
  std::string text = "crc32:";
  for (int shift = 28; shift >= 0; shift -= 4) {
    text += "0123456789abcdef"[crc32_of(bytes) >> shift & 15u];
  }
  return text;
}

std::string contents_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void put(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

std::string reading(const std::string& path) {
  try {
    bnn::read_checkpoint_file(path);
  } catch (const Error& error) {
    const std::string message = error.what();
    if (error.kind() != ErrorKind::checkpoint) return "wrong kind: " + message;
    if (message.find(path + ": ") != 0) return "no path: " + message;
    return message;
  }
  return "accepted";
}

// Reads a file of one tensor and this metadata, to which a digest that fits is added.
std::string reading_digested(Metadata metadata, const std::string& name,
                             const std::vector<float>& values) {
  const TemporaryDirectory folder;
  const std::vector<TensorView> tensors = {
      {name, {static_cast<std::int64_t>(values.size())}, values}};
  metadata.emplace("digest", digest_of(metadata, tensors));
  bnn::write_safetensors(folder.file("f"), metadata, tensors);
  return reading(folder.file("f"));
}

}  // namespace

TEST_CASE("a checkpoint gives back what was written") {
  const TemporaryDirectory folder;
  write_small(folder.file("c"));
  const CheckpointContents contents = bnn::read_checkpoint_file(folder.file("c"));
  CHECK(contents.config == "{\"a\": 1}");
  CHECK(contents.state == "{\"step\": 3}");
  CHECK(contents.extra_metadata == Metadata{{"kernel", "Haswell"}});
  REQUIRE(contents.tensors.size() == 2);
  CHECK(contents.tensors[0].name == "optimizer/v/w");
  CHECK(contents.tensors[0].shape == std::vector<std::int64_t>{2});
  CHECK(contents.tensors[0].values == kMoments);
  CHECK(contents.tensors[1].name == "w");
  CHECK(contents.tensors[1].shape == std::vector<std::int64_t>{1, 2});
  CHECK(contents.tensors[1].values == kWeights);
}

TEST_CASE("the digest of a checkpoint is the CRC-32 of the documented bytes") {
  const TemporaryDirectory folder;
  write_small(folder.file("c"));
  // Computed with Python's struct and zlib modules.
  const std::string digest = "crc32:f4d2447a";
  CHECK(bnn::read_safetensors(folder.file("c")).metadata.at("digest") == digest);
  CHECK(digest_of(small_metadata(), {{"optimizer/v/w", {2}, kMoments}, {"w", {1, 2}, kWeights}}) ==
        digest);
}

TEST_CASE("saving what was loaded gives the same bytes") {
  const TemporaryDirectory folder;
  write_small(folder.file("c"));
  const std::string before = contents_of(folder.file("c"));
  const CheckpointContents contents = bnn::read_checkpoint_file(folder.file("c"));
  std::vector<TensorView> views;
  for (const bnn::Tensor& tensor : contents.tensors) {
    views.push_back({tensor.name, tensor.shape, tensor.values});
  }
  bnn::write_checkpoint_file(folder.file("c"), contents.config, contents.state,
                             contents.extra_metadata, views);
  CHECK(contents_of(folder.file("c")) == before);
}

TEST_CASE("every flipped bit of a checkpoint is refused") {
  const TemporaryDirectory folder;
  // Quotes, escapes and characters of several bytes: all that a header can spell.
  bnn::write_checkpoint_file(
      folder.file("c"), "{\"name\": \"\\u001b \xC3\xBC \\\\ \xF0\x9F\x8E\xB2\"}\n",
      "{\"step\": 10, \"best\": 0.5}\t", {{"kernel", "Haswell"}}, small_tensors());
  const std::string bytes = contents_of(folder.file("c"));
  REQUIRE(reading(folder.file("c")) == "accepted");
  std::fstream file(folder.file("c"), std::ios::binary | std::ios::in | std::ios::out);
  const auto put_byte = [&](std::size_t place, char byte) {
    file.seekp(static_cast<std::streamoff>(place)).put(byte).flush();
  };
  std::vector<std::string> bad;
  for (std::size_t i = 0; i < bytes.size() * 8; ++i) {
    put_byte(i / 8, static_cast<char>(bytes[i / 8] ^ 1 << i % 8));
    const std::string message = reading(folder.file("c"));
    if (message.find(folder.path()) != 0) bad.push_back(std::to_string(i) + ": " + message);
    put_byte(i / 8, bytes[i / 8]);
  }
  CHECK(bad == std::vector<std::string>());
  CHECK(reading(folder.file("c")) == "accepted");
}

TEST_CASE("a checkpoint cut at any byte, or longer than it was, is refused") {
  const TemporaryDirectory folder;
  write_small(folder.file("c"));
  const std::string bytes = contents_of(folder.file("c"));
  std::vector<std::string> bad;
  for (std::size_t size = bytes.size(); size-- > 0;) {
    std::filesystem::resize_file(folder.file("c"), size);
    const std::string message = reading(folder.file("c"));
    if (message.find(folder.path()) != 0) bad.push_back(std::to_string(size) + ": " + message);
  }
  CHECK(bad == std::vector<std::string>());
  for (const std::string& tail :
       {std::string(1, '\0'), std::string(1, ' '), std::string(4, '\0'), std::string(1024, 'x')}) {
    put(folder.file("longer"), bytes + tail);
    CHECK_THAT(reading(folder.file("longer")), Contains("behind the header"));
  }
}

TEST_CASE("a checkpoint whose parts were exchanged is refused") {
  const TemporaryDirectory folder;
  const std::string digest =
      digest_of(small_metadata(), {{"optimizer/v/w", {2}, kMoments}, {"w", {1, 2}, kWeights}});
  const auto reading_changed = [&](const Metadata& changes,
                                   const std::vector<TensorView>& tensors) {
    Metadata metadata = small_metadata();
    for (const auto& [key, value] : changes) metadata[key] = value;
    metadata.try_emplace("digest", digest);
    bnn::write_safetensors(folder.file("f"), metadata, tensors);
    return reading(folder.file("f"));
  };
  const std::vector<float> zeros = {0.0f, 0.0f};
  CHECK(reading_changed({}, small_tensors()) == "accepted");
  // The same bytes under exchanged names, transposed, zeroed, and with one tensor missing.
  CHECK_THAT(reading_changed({}, {{"optimizer/v/w", {1, 2}, kWeights}, {"w", {2}, kMoments}}),
             Contains("damaged"));
  CHECK_THAT(reading_changed({}, {{"w", {2, 1}, kWeights}, {"optimizer/v/w", {2}, kMoments}}),
             Contains("damaged"));
  CHECK_THAT(reading_changed({}, {{"w", {1, 2}, zeros}, {"optimizer/v/w", {2}, kMoments}}),
             Contains("damaged"));
  CHECK_THAT(reading_changed({}, {{"w", {1, 2}, kWeights}}), Contains("damaged"));
  CHECK_THAT(
      reading_changed({{"config", "{\"step\": 3}"}, {"state", "{\"a\": 1}"}}, small_tensors()),
      Contains("damaged"));
  CHECK_THAT(reading_changed({{"more", ""}}, small_tensors()), Contains("damaged"));
  CHECK_THAT(reading_changed({{"digest", "crc32:F4D2447A"}}, small_tensors()),
             Contains("damaged: the contents have digest \"crc32:f4d2447a\"; expected "
                      "\"crc32:F4D2447A\""));
}

TEST_CASE("files that are no checkpoint of this format are refused with a reason") {
  const auto with = [](const std::string& key, const std::string& value) {
    Metadata metadata = small_metadata();
    metadata[key] = value;
    return metadata;
  };
  const auto without = [](const std::string& key) {
    Metadata metadata = small_metadata();
    metadata.erase(key);
    return metadata;
  };
  REQUIRE(reading_digested(small_metadata(), "w", kWeights) == "accepted");
  const std::string foreign = "has no bnn metadata: not a bnn checkpoint";
  CHECK_THAT(reading_digested({}, "w", kWeights), Contains(foreign));
  CHECK_THAT(reading_digested(with("format", "pt"), "w", kWeights), Contains(foreign));
  CHECK_THAT(reading_digested(without("format"), "w", kWeights), Contains(foreign));
  CHECK_THAT(reading_digested(with("format_version", "2"), "w", kWeights),
             Contains("expected a checkpoint of format_version \"1\", found \"2\""));
  CHECK_THAT(reading_digested(with("format_version", "0"), "w", kWeights), Contains("found \"0\""));
  CHECK_THAT(reading_digested(without("format_version"), "w", kWeights), Contains("found none"));
  CHECK_THAT(reading_digested(without("config"), "w", kWeights), Contains("no \"config\""));
  CHECK_THAT(reading_digested(without("state"), "w", kWeights), Contains("no \"state\""));

  const TemporaryDirectory folder;
  bnn::write_safetensors(folder.file("f"), small_metadata(), small_tensors());
  CHECK_THAT(reading(folder.file("f")), Contains("no digest in its metadata"));
}

TEST_CASE("checkpoint values that are not finite are refused") {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  for (const float value : {kNan, kInfinity, -kInfinity}) {
    CHECK_THAT(reading_digested(small_metadata(), "conv1/kernel", {1.0f, value}),
               Contains("tensor \"conv1/kernel\": value 1 is not finite"));
  }
  CHECK(reading_digested(small_metadata(), "w", {-1.0f, -0.0f, 1e-42f, 3e38f}) == "accepted");
}

TEST_CASE("a state that is not finite never replaces a checkpoint") {
  const TemporaryDirectory folder;
  write_small(folder.file("c"));
  const std::string before = contents_of(folder.file("c"));
  const std::vector<float> values = {1.0f, std::numeric_limits<float>::quiet_NaN()};
  const TensorView tensor = {"w", {2}, values};
  try {
    bnn::write_checkpoint_file(folder.file("c"), "{}", "{}", {}, std::span(&tensor, 1));
    FAIL("expected an Error");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::numerical);
    CHECK_THAT(error.what(), Contains("tensor \"w\": value 1 is not finite"));
  }
  CHECK(contents_of(folder.file("c")) == before);
}

TEST_CASE("the keys of the format cannot be used for extra metadata") {
  const TemporaryDirectory folder;
  for (const std::string key : {"format", "format_version", "config", "state", "digest"}) {
    CAPTURE(key);
    CHECK_THROWS_AS(
        bnn::write_checkpoint_file(folder.file("c"), "{}", "{}", {{key, "x"}}, small_tensors()),
        Error);
  }
  CHECK(std::filesystem::is_empty(folder.path()));
}

TEST_CASE("what is no regular file is no checkpoint") {
  const TemporaryDirectory folder;
  CHECK_THAT(reading(folder.file("none")), Contains("cannot read: No such file or directory"));
  CHECK_THAT(reading(folder.path()), Contains("expected a regular file, found a directory"));
  ::mkfifo(folder.file("fifo").c_str(), 0600);
  CHECK_THAT(reading(folder.file("fifo")), Contains("expected a regular file"));
  put(folder.file("sparse"), "");
  std::filesystem::resize_file(folder.file("sparse"), (std::uintmax_t{1} << 32) + 8);
  CHECK_THAT(reading(folder.file("sparse")), Contains("begins with '{'"));
}
