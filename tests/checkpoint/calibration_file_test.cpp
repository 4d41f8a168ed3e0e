// The calibration file: what is written is read, every changed byte is noticed, version 1 is read.

#include "bnn/checkpoint/calibration_file.h"

#include <catch2/catch.hpp>

#include "bnn/core/error.h"
#include "support/data_files.h"
#include "support/json_document.h"
#include "support/places.h"
#include "support/temporary_directory.h"
#include "support/tiny_run.h"

namespace bnn::testing {
namespace {

const std::string kDigest = "crc32:01234567";

Calibration some_calibration() {
  const ConformalTable lac({0.1, 0.3}, 2), aps({0.0, 0.24}, 2);
  const std::map<ConformalScore, ConformalTable> tables = {
      {ConformalScore::lac, lac},
      {ConformalScore::aps, aps},
      {ConformalScore::raps, ConformalTable({0.2, 3.7}, 2)}};
  return {.checkpoint_digest = kDigest,
          .samples = 4,
          .seed = 7,
          .examples = 2,
          .classes = 10,
          .temperature = 0.9,
          .nll_before = 2,
          .nll_after = 1.5,
          .ece_before = 0.2,
          .ece_after = 0.1,
          .scores = tables,
          .scaled_scores = tables};
}

// Whether the text, as the calibration of some checkpoint, is refused as damaged or malformed.
bool is_refused(const TemporaryDirectory& directory, const std::string& text) {
  const std::string checkpoint = directory.file("last.safetensors");
  write_text(calibration_path(checkpoint), text);
  try {
    read_calibration(checkpoint, kDigest, 10);
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::checkpoint);
    return true;
  }
  return false;
}

}  // namespace

TEST_CASE("a calibration is read as it was written") {
  const TemporaryDirectory directory;
  const std::string checkpoint = directory.file("last.safetensors");
  const Calibration written = some_calibration();
  write_calibration(calibration_path(checkpoint), written);
  CHECK(parsed(read_bytes(calibration_path(checkpoint))).at("format_version") == "3");
  const Calibration read = read_calibration(checkpoint, kDigest, 10);
  CHECK(read.temperature == written.temperature);
  CHECK(read.samples == written.samples);
  CHECK(read.examples == written.examples);
  for (const auto& [score, name] : kConformalScoreNames) {
    CHECK(read.scores.at(score).stored() == written.scores.at(score).stored());
    CHECK(read.scaled_scores.at(score).stored() == written.scaled_scores.at(score).stored());
  }
}

TEST_CASE("a calibration with any one byte changed, added or missing is refused") {
  const TemporaryDirectory directory;
  write_calibration(directory.file("whole"), some_calibration());
  const std::string text = read_bytes(directory.file("whole"));
  REQUIRE_FALSE(is_refused(directory, text));
  for (std::size_t at = 0; at < text.size(); ++at) {
    for (const char other : {'0', '1', '4', ' ', 'e', '"', '}'}) {
      if (other == text[at]) continue;
      std::string changed = text;
      changed[at] = other;
      CAPTURE(changed);
      CHECK(is_refused(directory, changed));
    }
    std::string longer = text, shorter = text;
    CAPTURE(at);
    CHECK(is_refused(directory, longer.insert(at, 1, ' ')));
    CHECK(is_refused(directory, shorter.erase(at, 1)));
  }
  CHECK(is_refused(directory, text + "\n"));
}

TEST_CASE("a digit that changes no number is noticed") {
  // 0.24 and 0.2400000000000000011 are one double.
  const TemporaryDirectory directory;
  write_calibration(directory.file("whole"), some_calibration());
  std::string text = read_bytes(directory.file("whole"));
  const std::size_t at = text.find("0.24");
  REQUIRE(at != std::string::npos);
  CHECK(is_refused(directory, text.insert(at + 4, "000000000000000011")));
}

TEST_CASE("a calibration of format version 1 is read, and refused if a number was changed") {
  const std::string old = source_directory() + "/tests/old_files/flipout/f656e21/run/checkpoints/" +
                          "last.safetensors.calibration.json";
  Json document = parsed(read_bytes(old));
  REQUIRE(document.at("format_version") == "1");
  const TemporaryDirectory directory;
  const std::string checkpoint = directory.file("last.safetensors");
  const auto digest = document.at("checkpoint").get<std::string>();
  write_text(calibration_path(checkpoint), read_bytes(old));
  CHECK(read_calibration(checkpoint, digest, 10).temperature ==
        document.at("temperature").get<double>());
  document["temperature"] = 1.25;
  write_text(calibration_path(checkpoint), document.dump() + "\n");
  CHECK_THROWS_AS(read_calibration(checkpoint, digest, 10), Error);
}

}  // namespace bnn::testing
