// bnn-eval --corrupt: its numbers against evaluations of files that hold the corrupted images.

#include <algorithm>
#include <chrono>
#include <csignal>
#include <thread>

#include <catch2/catch.hpp>

#include "bnn/corruption/corruption.h"
#include "support/data_files.h"
#include "support/json_document.h"
#include "support/tiny_run.h"

namespace bnn::testing {
namespace {

constexpr int kSide = 8;

Json eval_json(const TinyRun& tiny, Words arguments) {
  arguments.insert(arguments.end(), {"--format", "json"});
  const ProgramRun run = tiny.eval(arguments);
  INFO(run.err);
  REQUIRE(run.exit_code == 0);
  return bnn::testing::parsed(run.out);
}

// The test images after a corruption, as an IDX file.
void write_corrupted(const std::string& path, const std::string& name, int severity,
                     std::uint64_t seed) {
  constexpr std::size_t kSize = kSide * kSide;
  Bytes bytes = idx_header({kTinyTestExamples, kSide, kSide});
  for (int example = 0; example < kTinyTestExamples; ++example) {
    Bytes clean, out(kSize);
    for (int i = 0; i < kSide * kSide; ++i) {
      clean.push_back(pattern_pixel(example, kTinyTestPattern, kSide, i / kSide, i % kSide, 0));
    }
    corrupt_image(find_corruption(name), severity, seed, static_cast<std::uint32_t>(example),
                  {kSide, kSide, 1, clean.data()}, out.data());
    bytes.insert(bytes.end(), out.begin(), out.end());
  }
  write_bytes(path, bytes);
}

}  // namespace

TEST_CASE("the option --corrupt gives every corruption's metrics by severity") {
  const TrainedRun tiny;
  const ProgramRun run = tiny.eval({"--corrupt", "--format", "json", "--threads", "1"});
  REQUIRE(run.exit_code == 0);
  CHECK(run.err.find("saturation needs images of three channels") != std::string::npos);
  CHECK(tiny.eval({"--corrupt", "--format", "json", "--threads", "3", "--quiet"}).out == run.out);
  const Json result = bnn::testing::parsed(run.out);
  const Json& list = result.at("corruptions");
  REQUIRE(list.size() == 50);
  std::size_t at = 0;
  for (const Corruption& corruption : corruptions()) {
    if (corruption.name == "saturation") continue;
    for (int severity = 1; severity <= 5; ++severity, ++at) {
      CHECK(keys_of(list[at]) == Words{"corruption", "severity", "accuracy", "nll", "ece"});
      CHECK(list[at].at("corruption") == corruption.name);
      CHECK(list[at].at("severity") == severity);
    }
  }
  const Json& means = result.at("corruption_means");
  REQUIRE(means.size() == 5);
  for (std::size_t s = 0; s < 5; ++s) {
    CHECK(means[s].at("severity") == s + 1);
    for (const char* key : {"accuracy", "nll", "ece"}) {
      double sum = 0;
      for (std::size_t i = s; i < 50; i += 5) sum += list[i].at(key).get<double>();
      CHECK(means[s].at(key).get<double>() == Approx(sum / 10));
    }
  }
  // The clean images are evaluated as always.
  Json clean = result;
  clean.erase("corruptions");
  clean.erase("corruption_means");
  CHECK(clean == eval_json(tiny, {}));
}

TEST_CASE("a corruption's numbers are those of a file that holds its images") {
  const TrainedRun tiny;
  const Json list = eval_json(tiny, {"--corrupt", "translation", "gaussian_noise", "--seed", "12"})
                        .at("corruptions");
  REQUIRE(list.size() == 10);
  CHECK(list[0].at("corruption") == "gaussian_noise");  // in the order of the list of corruptions
  for (const std::size_t i : {0u, 4u, 7u}) {
    CAPTURE(i);
    write_corrupted(tiny.file("corrupted"), list[i].at("corruption").get<std::string>(),
                    list[i].at("severity").get<int>(), 12);
    const Json expected = eval_json(tiny, {"--files", "corrupted", "test-labels", "--seed", "12"});
    for (const char* key : {"accuracy", "nll", "ece"}) CHECK(list[i].at(key) == expected.at(key));
  }
  // Not those of the clean images.
  CHECK(list[4].at("nll") != eval_json(tiny, {"--seed", "12"}).at("nll"));
}

TEST_CASE("the option --corrupt works on a split and with a temperature") {
  const TrainedRun tiny;
  REQUIRE(tiny.eval({"--fit-calibration"}).exit_code == 0);
  const Words words = {"--split", "validation", "--corrupt", "contrast"};
  const Json plain = eval_json(tiny, words).at("corruptions");
  Words with = words;
  with.push_back("--temperature");
  const Json scaled = eval_json(tiny, with).at("corruptions");
  REQUIRE(scaled.size() == 5);
  CHECK(plain[0].at("accuracy") == scaled[0].at("accuracy"));
  CHECK(plain[0].at("nll") != scaled[0].at("nll"));
}

TEST_CASE("the text report has a table of each metric") {
  const TrainedRun tiny;
  const ProgramRun run = tiny.eval({"--corrupt", "contrast", "pixelate"});
  REQUIRE(run.exit_code == 0);
  CHECK(run.err.empty());
  const std::string text = run.out.substr(run.out.find("Corruptions"));
  const std::vector<std::string> lines = lines_of(text);
  REQUIRE(lines.size() == 15);
  CHECK(lines[1] == "  accuracy                   0        1        2        3        4        5");
  CHECK(lines[2].starts_with("  contrast  "));
  CHECK(lines[3].starts_with("  pixelate  "));
  CHECK(lines[4].starts_with("  mean  "));
  CHECK(lines[6].starts_with("  nll  "));
  CHECK(lines[11].starts_with("  ece  "));
}

TEST_CASE("corruptions that do not exist or do not fit are refused") {
  const TrainedRun tiny;
  check_failure(tiny.eval({"--corrupt", "fog"}), "bnn-eval", 2, "gaussian_noise");
  check_failure(tiny.eval({"--corrupt", "saturation"}), "bnn-eval", 2, "three channels");
}

TEST_CASE("bnn-eval --corrupt stops when a signal asks for it") {
  const TrainedRun tiny;
  Words words = {tiny.last(), "--corrupt", "--samples", "20000"};
  StartedProgram program("bnn-eval", words, {.directory = tiny.path()});
  std::this_thread::sleep_for(std::chrono::milliseconds(700));
  program.send(SIGINT);
  const ProgramRun run = program.wait();
  CHECK(run.exit_code == 130);
  CHECK(run.out.empty());
  CHECK(run.seconds < 30);
}

}  // namespace bnn::testing
