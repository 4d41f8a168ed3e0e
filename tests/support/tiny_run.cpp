#include "support/tiny_run.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <catch2/catch.hpp>

#include "support/data_files.h"
#include "support/json_document.h"

namespace bnn::testing {
namespace {

constexpr int kSide = 8;
constexpr int kTrainFileExamples = kTinyTrainExamples + kTinyValidationExamples;

void write_split(const std::string& prefix, int examples, int pattern) {
  write_idx_images(prefix + "-images", examples, kSide, kSide, 1, pattern);
  write_idx_labels(prefix + "-labels", examples, pattern);
  write_text(prefix + ".bin", cifar_records(examples, pattern));
}

// Valid UTF-8 without control characters, of which the C1 character of terminal sequences is one.
bool is_printable(const std::string& line) {
  const bool has_control = std::any_of(line.begin(), line.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7F;
  });
  if (has_control || line.find("\xc2\x9b") != std::string::npos) return false;
  try {
    return !Json(line).dump().empty();
  } catch (const JsonError&) {
    return false;
  }
}

}  // namespace

Json tiny_config() {
  return bnn::testing::parsed(R"({
    "name": "tiny",
    "data": {
      "format": "idx",
      "train": {"images": "train-images", "labels": "train-labels"},
      "test": {"images": "test-images", "labels": "test-labels"},
      "validation": 12
    },
    "model": {
      "input": {"height": 8, "width": 8, "channels": 1},
      "layers": [
        {"type": "conv2d_flipout", "name": "conv", "filters": 2, "kernel_size": 3,
         "activation": "relu"},
        {"type": "max_pooling2d", "pool_size": 2},
        {"type": "flatten"},
        {"type": "dense_flipout", "name": "logits", "units": 10}
      ]
    },
    "training": {
      "epochs": 2, "batch_size": 10, "seed": 7,
      "optimizer": {"type": "adam", "learning_rate": 0.01},
      "kl": {"weight": 0.1}
    },
    "evaluation": {"samples": 4, "validation_samples": 3}
  })");
}

Json tiny_cifar_config() {
  Json config = tiny_config();
  config["data"] = {{"format", "cifar"},
                    {"train", {"train.bin"}},
                    {"test", {"test.bin"}},
                    {"validation", kTinyValidationExamples}};
  return config;
}

std::string cifar_records(int examples, int pattern) {
  std::string bytes;
  for (int example = 0; example < examples; ++example) {
    bytes += static_cast<char>(pattern_label(example, pattern));
    for (int pixel = 0; pixel < kSide * kSide; ++pixel) {
      bytes += static_cast<char>(
          pattern_pixel(example, pattern, kSide, pixel / kSide, pixel % kSide, 0));
    }
  }
  return bytes;
}

TinyRun::TinyRun(const Json& config) {
  write_split(file("train"), kTrainFileExamples, kTinyTrainPattern);
  write_split(file("test"), kTinyTestExamples, kTinyTestPattern);
  write_config(config);
}

std::string TinyRun::last(const std::string& out) const {
  return file(out + "/checkpoints/last.safetensors");
}

std::string TinyRun::read(const std::string& name) const { return read_bytes(file(name)); }

std::vector<std::string> TinyRun::tree() const {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(path())) {
    const std::string name = entry.path().lexically_relative(path()).string();
    const bool is_folder = std::filesystem::is_directory(entry.symlink_status());
    names.push_back(name + (is_folder ? "/" : ""));
  }
  std::sort(names.begin(), names.end());
  return names;
}

void TinyRun::write_config(const Json& config, const std::string& name) const {
  write_text(file(name), config.dump(2));
}

ProgramRun TinyRun::run(const std::string& program, Words words, const Words& arguments,
                        ProgramOptions options) const {
  words.insert(words.end(), arguments.begin(), arguments.end());
  if (options.directory.empty()) options.directory = path();
  return run_program(program, words, options);
}

ProgramRun TinyRun::train(const Words& arguments, ProgramOptions options) const {
  return run("bnn-train", {"--config", "tiny.json", "--threads", "2"}, arguments, options);
}

ProgramRun TinyRun::train_raw(const Words& arguments, ProgramOptions options) const {
  return run("bnn-train", {}, arguments, options);
}

ProgramRun TinyRun::eval(const Words& arguments, ProgramOptions options) const {
  return run("bnn-eval", {last()}, arguments, options);
}

ProgramRun TinyRun::predict(const Words& arguments, ProgramOptions options) const {
  return run("bnn-predict", {last()}, arguments, options);
}

TrainedRun::TrainedRun(const Json& config, const Words& arguments) : TinyRun(config) {
  Words words = {"--out", "run"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  const ProgramRun run = train(words);
  INFO(run.err);
  REQUIRE(run.exit_code == 0);
}

std::string read_bytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<Json> json_lines(const std::string& text) {
  std::vector<Json> values;
  for (const std::string& line : lines_of(text)) values.push_back(bnn::testing::parsed(line));
  return values;
}

std::vector<std::string> keys_of(const Json& object) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : object.items()) keys.push_back(key);
  return keys;
}

std::vector<std::string> timeless_metrics(const std::string& text) {
  std::vector<std::string> lines;
  for (Json line : json_lines(text)) {
    line.erase("examples_per_second");
    line.erase("elapsed_seconds");
    lines.push_back(line.dump());
  }
  return lines;
}

void check_failure(const ProgramRun& run, const std::string& program, int exit_code,
                   const std::string& part) {
  CAPTURE(run.err);
  CHECK_FALSE(run.timed_out);
  CHECK(run.exit_code == exit_code);
  const std::vector<std::string> lines = lines_of(run.err);
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].starts_with(program + ": error: "));
  CHECK(lines[0].size() <= 500);
  CHECK(is_printable(lines[0]));
  CHECK(lines[0].find(part) != std::string::npos);
  // Nothing of the language or of a library shows through.
  for (const char* word : {"std::", "nlohmann", "json.exception", "filesystem error", "what()"}) {
    CHECK(lines[0].find(word) == std::string::npos);
  }
}

void check_config_refused(const TinyRun& tiny, const std::string& text, const std::string& part) {
  constexpr double kMaxSeconds = 20.0;  // nothing hangs; machines may be slow or busy
  write_text(tiny.file("bad.json"), text);
  const std::vector<std::string> before = tiny.tree();
  const ProgramRun run = tiny.train_raw({"--config", "bad.json", "--out", "run", "--threads", "2"});
  CAPTURE(part);
  check_failure(run, "bnn-train", 3, part);
  CHECK(run.err.starts_with("bnn-train: error: bad.json: "));
  CHECK(run.out.empty());
  CHECK(run.seconds < kMaxSeconds);
  CHECK(tiny.tree() == before);
}

}  // namespace bnn::testing
