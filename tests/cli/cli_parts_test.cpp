// bnn-eval --part and --merge: parts that were predicted apart give the bytes of one evaluation,
// and parts that do not belong together are refused.

#include <algorithm>
#include <filesystem>

#include <catch2/catch.hpp>

#include "support/data_files.h"
#include "support/image_files.h"
#include "support/tiny_run.h"

namespace bnn::testing {
namespace {

Words with(Words words, const Words& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

std::string part_name(int k) { return std::to_string(k) + ".part"; }

// Writes all parts of an evaluation and returns their names, last first.
Words write_parts(const TinyRun& tiny, const Words& arguments, int parts) {
  Words files;
  for (int k = 1; k <= parts; ++k) {
    const std::string share = std::to_string(k) + "/" + std::to_string(parts);
    const ProgramRun run = tiny.eval(with(
        arguments, {"--part", share, "--output", part_name(k), "--threads", k % 2 ? "1" : "3"}));
    INFO(run.err);
    REQUIRE(run.exit_code == 0);
    CHECK(run.out.empty());
    files.insert(files.begin(), part_name(k));
  }
  return files;
}

// bnn-eval --merge, without a checkpoint.
ProgramRun merge(const TinyRun& tiny, const Words& arguments) {
  return run_program("bnn-eval", with({"--merge"}, arguments), {.directory = tiny.path()});
}

void check_merged(const TinyRun& tiny, const Words& arguments, int parts) {
  const Words shown = {"--format", "json", "--bootstrap", "20"};
  const ProgramRun whole = tiny.eval(with(with(arguments, shown), {"--save-samples", "whole.npy"}));
  INFO(whole.err);
  REQUIRE(whole.exit_code == 0);
  const Words files = write_parts(tiny, arguments, parts);
  const ProgramRun run = merge(tiny, with(with(files, shown), {"--save-samples", "merged.npy"}));
  INFO(run.err);
  CHECK(run.exit_code == 0);
  CHECK(run.out == whole.out);
  CHECK(tiny.read("merged.npy") == tiny.read("whole.npy"));
}

}  // namespace

TEST_CASE("merged parts of an evaluation are one evaluation, byte for byte") {
  const TrainedRun tiny;
  for (const int parts : {1, 3, 41}) check_merged(tiny, {"--samples", "5"}, parts);  // 37 images
  REQUIRE(tiny.eval({"--fit-calibration", "--samples", "3"}).exit_code == 0);
  check_merged(tiny,
               {"--samples", "3", "--temperature", "--conformal", "0.8", "--prune", "0.5", "0.9",
                "--corrupt", "contrast", "--ood", "train-images", "--seed", "7"},
               4);
  check_merged(tiny, {"--mean-weights", "--split", "validation"}, 2);
  const ProgramRun text = merge(tiny, {"2.part", "1.part"});
  CHECK(text.out == tiny.eval({"--mean-weights", "--split", "validation"}).out);
}

TEST_CASE("merged parts of an ensemble are one evaluation") {
  const TrainedRun tiny;
  REQUIRE(tiny.train({"--out", "second", "--seed", "1"}).exit_code == 0);
  check_merged(tiny, {tiny.last("second"), "--samples", "3"}, 3);
}

TEST_CASE("parts that do not make one evaluation are refused") {
  const TrainedRun tiny;
  const auto write = [&](const std::string& name, const std::string& share, Words words = {},
                         const std::string& samples = "2") {
    words = with({"--part", share, "--output", name, "--samples", samples}, words);
    REQUIRE(tiny.eval(words).exit_code == 0);
  };
  write("1.part", "1/2");
  write("2.part", "2/2");
  write("third.part", "1/3");
  write("seed.part", "2/2", {"--seed", "5"});
  write("split.part", "2/2", {"--split", "validation"});
  write("passes.part", "2/2", {"--corrupt", "contrast"});
  write("samples.part", "2/2", {}, "3");
  const struct {
    Words files;
    std::string sentence;
  } cases[] = {
      {{"1.part"}, "missing: part 2/2"},
      {{"1.part", "1.part"}, "given twice"},
      {{"1.part", "third.part"}, "another number"},
      {{"1.part", "seed.part"}, "other checkpoints, images, seed, products or --shared-draws"},
      {{"1.part", "split.part"}, "other checkpoints, images, seed, products or --shared-draws"},
      {{"1.part", "passes.part"}, "other passes"},
      {{"1.part", "samples.part"}, "another \"samples\""},
      {{"1.part", "nothing.part"}, "nothing.part"},
      {{"1.part", "tiny.json"}, "tiny.json"},
      {{"1.part", "run/checkpoints/last.safetensors"}, "is no part of an evaluation"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.files);
    check_failure(merge(tiny, c.files), "bnn-eval", 4, c.sentence);
  }
  check_failure(merge(tiny, {"1.part", "2.part", "--samples", "2"}), "bnn-eval", 2,
                "--samples cannot go with --merge");
  check_failure(tiny.eval({"--part", "1/2"}), "bnn-eval", 2, "--output FILE");
  check_failure(tiny.eval({"--output", "x.part"}), "bnn-eval", 2, "--part K/N");
  check_failure(tiny.eval({"--part", "1/2", "--output", "x.part", "--report", "x.html"}),
                "bnn-eval", 2, "--report cannot go with --part");
  check_failure(tiny.eval({"--part", "1/2", "--output", tiny.last()}), "bnn-eval", 2, "--output");
  const ProgramRun as_checkpoint = run_program("bnn-eval", {"1.part"}, {.directory = tiny.path()});
  check_failure(as_checkpoint, "bnn-eval", 5, "evaluation part");
}

TEST_CASE("a damaged part of an evaluation is refused") {
  const TrainedRun tiny;
  const Words files = write_parts(tiny, {"--samples", "2"}, 2);
  const std::string good = tiny.read("1.part");
  for (std::size_t at = 0; at < good.size(); at += 97) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 4);
    write_text(tiny.file("1.part"), bad);
    CAPTURE(at);
    CHECK(merge(tiny, files).exit_code == 4);
  }
  write_text(tiny.file("1.part"), good.substr(0, good.size() - 1));
  check_failure(merge(tiny, files), "bnn-eval", 4, "1.part");
  // One image from elsewhere leaves the first part's stream of them empty.
  std::filesystem::create_directory(tiny.file("outside"));
  write_bytes(tiny.file("outside/a.png"), pattern_png(3, 0));
  const Words with_empty = write_parts(tiny, {"--samples", "2", "--ood", "outside"}, 2);
  std::string bad = tiny.read("1.part");
  const std::size_t first = bad.find("stream_000/predictions");
  REQUIRE(first != std::string::npos);
  const std::size_t at = bad.size() / 2;
  bad[at] = static_cast<char>(bad[at] ^ 4);
  write_text(tiny.file("1.part"), bad);
  check_failure(merge(tiny, with_empty), "bnn-eval", 4, "damaged");
}

}  // namespace bnn::testing
