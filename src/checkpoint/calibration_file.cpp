#include "bnn/checkpoint/calibration_file.h"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <limits>
#include <string_view>
#include <zlib.h>

#include "bnn/core/input_file.h"
#include "bnn/core/json_reader.h"
#include "bnn/core/parse_json.h"
#include "bnn/files/atomic_file.h"
#include "bnn/infer/temperature.h"

namespace bnn {
namespace {

constexpr const char* kFormat = "bnn-calibration";
constexpr const char* kFirstVersion = "1";   // its digest is of the values, not of the text
constexpr const char* kSecondVersion = "2";  // without RAPS
constexpr const char* kFormatVersion = "3";
// What follows the digested part of the text, with the digest in the middle.
constexpr std::string_view kBeforeDigest = ",\"digest\":\"", kAfterDigest = "\"}\n";
constexpr std::size_t kMaxBytes = std::size_t{16} << 20;

std::string digest_of(std::string_view text) {
  const auto* bytes = reinterpret_cast<const Bytef*>(text.data());
  return fmt::format("crc32:{:08x}", crc32_z(0, bytes, text.size()));
}

using Tables = std::map<ConformalScore, ConformalTable>;

Json tables_json(const Tables& tables) {
  Json result;
  for (const auto& [score, table] : tables) {
    result[name_of(kConformalScoreNames, score)] = table.stored();
  }
  return result;
}

Json to_json(const Calibration& c) {
  return {{"format", kFormat},
          {"format_version", kFormatVersion},
          {"checkpoint", c.checkpoint_digest},
          {"samples", c.samples},
          {"mean_weights", c.mean_weights},
          {"seed", c.seed},
          {"examples", c.examples},
          {"classes", c.classes},
          {"temperature", c.temperature},
          {"nll_before", c.nll_before},
          {"nll_after", c.nll_after},
          {"ece_before", c.ece_before},
          {"ece_after", c.ece_after},
          {"scores", tables_json(c.scores)},
          {"scaled_scores", tables_json(c.scaled_scores)}};
}

[[noreturn]] void fail_damaged(const std::string& source, const std::string& sentence) {
  throw Error(ErrorKind::checkpoint, fmt::format("{}: damaged: {}", source, sentence));
}

void check_equal(const std::string& computed, const std::string& stored,
                 const std::string& source) {
  if (computed == stored) return;
  fail_damaged(source, fmt::format("the contents have digest \"{}\"; expected {}", computed,
                                   json_text(Json(stored))));
}

// The text of a calibration of the present version: the digest stands last, and is that of all that
// comes before it.
std::string text_of(const Json& contents) {
  std::string text = contents.dump();
  text.pop_back();  // the brace, which kAfterDigest brings again
  const std::string digest = digest_of(text);
  return text.append(kBeforeDigest).append(digest).append(kAfterDigest);
}

// Throws unless the text is `text_of` something.
void check_text(std::string_view text, const std::string& stored, const std::string& source) {
  const std::string end = fmt::format("{}{}{}", kBeforeDigest, stored, kAfterDigest);
  if (!text.ends_with(end)) fail_damaged(source, "expected the digest at the end of the text");
  text.remove_suffix(end.size());
  check_equal(digest_of(text), stored, source);
}

// Checks the digest and removes it.
void check_digest(Json& document, std::string_view text, const std::string& source) {
  if (!document.is_object() || !document.contains("digest") || !document["digest"].is_string()) {
    throw Error(ErrorKind::checkpoint,
                source + ": expected a calibration of bnn-eval --fit-calibration, found no digest");
  }
  const auto stored = document["digest"].get<std::string>();
  document.erase("digest");
  if (document.contains("format_version") && document["format_version"] == Json(kFirstVersion)) {
    check_equal(digest_of(document.dump()), stored, source);
  } else {
    check_text(text, stored, source);
  }
}

// A list of ascending scores, one for each example unless they were thinned out.
ConformalTable read_table(ObjectReader& reader, const std::string& key, std::size_t examples) {
  // The sum of probabilities may exceed 1 by its rounding; RAPS adds 0.01 for every class.
  const double max = 1.001 + (key == name_of(kConformalScoreNames, ConformalScore::raps)
                                  ? std::numeric_limits<int>::max()
                                  : 0);
  std::vector<double> scores = reader.reals(key, {.min = -0.001, .max = max});
  const std::size_t expected = std::min(examples, ConformalTable::kMaxStored);
  if (scores.size() != expected) {
    reader.problem(key, fmt::format("expected {} scores, found {}", expected, scores.size()));
  }
  if (!std::is_sorted(scores.begin(), scores.end())) {
    reader.problem(key, "expected ascending scores");
  }
  return {std::move(scores), examples};
}

Tables read_tables(ObjectReader& reader, const std::string& key, std::size_t examples,
                   bool has_raps) {
  Tables tables;
  reader.object(key, [&](ObjectReader& lists) {
    for (const auto& [score, name] : kConformalScoreNames) {
      if (score == ConformalScore::raps && !has_raps) continue;
      tables[score] = read_table(lists, name, examples);
    }
  });
  return tables;
}

Calibration read_contents(const Json& document, const std::string& source) {
  Problems problems(source);
  ObjectReader reader(document, "", problems);
  reader.choice("format", {kFormat}, std::nullopt);
  const std::string version = reader.choice(
      "format_version", {kFirstVersion, kSecondVersion, kFormatVersion}, std::nullopt);
  const std::string digest = reader.text("checkpoint", std::nullopt);
  const std::int64_t samples = reader.integer("samples", {.min = 1});
  const bool mean_weights = reader.boolean("mean_weights", std::nullopt);
  const std::int64_t seed = reader.integer("seed", {.min = 0});
  const auto examples = static_cast<std::size_t>(
      reader.integer("examples", {.min = 1, .max = std::numeric_limits<std::uint32_t>::max()}));
  const std::int64_t classes =
      reader.integer("classes", {.min = 1, .max = std::numeric_limits<int>::max()});
  const double temperature =
      reader.real("temperature", {.min = kMinTemperature, .max = kMaxTemperature});
  const double nll_before = reader.real("nll_before", {.min = 0});
  const double nll_after = reader.real("nll_after", {.min = 0});
  const double ece_before = reader.real("ece_before", {.min = 0});
  const double ece_after = reader.real("ece_after", {.min = 0});
  Tables raw = read_tables(reader, "scores", examples, version == kFormatVersion);
  Tables scaled = read_tables(reader, "scaled_scores", examples, version == kFormatVersion);
  reader.finish();
  problems.raise_if_any(ErrorKind::checkpoint);
  return {digest,           samples,
          mean_weights,     static_cast<std::uint64_t>(seed),
          examples,         static_cast<int>(classes),
          temperature,      nll_before,
          nll_after,        ece_before,
          ece_after,        std::move(raw),
          std::move(scaled)};
}

}  // namespace

std::string calibration_path(const std::string& checkpoint) {
  return checkpoint + ".calibration.json";
}

void write_calibration(const std::string& path, const Calibration& calibration) {
  write_file_atomically(path, text_of(to_json(calibration)));
}

Calibration read_calibration(const std::string& checkpoint, const std::string& checkpoint_digest,
                             int classes) {
  const std::string path = calibration_path(checkpoint);
  const std::string source = shown_path(path);
  std::error_code error;
  const bool missing = !std::filesystem::exists(path, error) && !error;
  if (missing) {
    throw Error(ErrorKind::usage,
                source +
                    ": the checkpoint has no calibration; make one with bnn-eval CHECKPOINT "
                    "--fit-calibration");
  }
  const std::string text = read_text_file(path, kMaxBytes, ErrorKind::checkpoint);
  Json document = parse_json(text, source, ErrorKind::checkpoint);
  check_digest(document, text, source);
  Calibration calibration = read_contents(document, source);
  if (calibration.checkpoint_digest != checkpoint_digest || calibration.classes != classes) {
    throw Error(
        ErrorKind::checkpoint,
        fmt::format("{}: belongs to other weights (digest {}; expected \"{}\"); fit it again with "
                    "bnn-eval CHECKPOINT --fit-calibration",
                    source, json_text(calibration.checkpoint_digest), checkpoint_digest));
  }
  return calibration;
}

}  // namespace bnn
