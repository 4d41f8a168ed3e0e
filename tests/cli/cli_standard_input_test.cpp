// bnn-predict with standard input among its inputs: when it is read, and what depends on it.

#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <string>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "support/image_files.h"
#include "support/npy_array.h"
#include "support/other_image_files.h"
#include "support/places.h"
#include "support/tiny_run.h"

namespace bnn::testing {
namespace {

// A run with an image a.png beside it.
class ImageRun : public TrainedRun {
 public:
  explicit ImageRun(const Json& config = tiny_config()) : TrainedRun(config) {
    write_bytes(file("a.png"), pattern_png(1, 0));
  }
};

ProgramRun succeed(const ProgramRun& run) {
  INFO(run.err);
  REQUIRE(run.exit_code == 0);
  return run;
}

}  // namespace

TEST_CASE("rows of earlier inputs do not wait for standard input") {
  const ImageRun tiny;
  write_bytes(tiny.file("b.png"), pattern_png(2, 0));
  // Whoever writes to the program waits for its first row, for twenty seconds at most.
  const std::string writer =
      "for i in $(seq 400); do grep -qs a.png rows && exec cat b.png; sleep 0.05; done";
  std::string reader = bnn::testing::binary_directory() + "/bnn-predict";
  reader = "'" + reader + "' '" + tiny.last() + "' a.png - >rows";
  succeed(run_program("/bin/sh", {"-c", "{ " + writer + "; } | " + reader},
                      {.directory = tiny.path()}));
  const std::vector<Json> rows = json_lines(tiny.read("rows"));
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].at("input") == "a.png");
  CHECK(rows[1].at("input") == "-");
  CHECK(rows[1].at("index") == 1);
}

TEST_CASE("the option --save-samples counts the images of standard input") {
  const ImageRun tiny;
  ProgramOptions options;
  options.input = read_bytes(tiny.file("a.png"));
  const ProgramRun run =
      succeed(tiny.predict({"a.png", "-", "test-images", "--save-samples", "s.npy"}, options));
  const std::vector<Json> rows = json_lines(run.out);
  REQUIRE(rows.size() == kTinyTestExamples + 2);
  CHECK(rows[1].at("input") == "-");
  CHECK(rows[1].at("probabilities") == rows[0].at("probabilities"));
  const NpyArray samples = parse_npy(tiny.read("s.npy"));
  REQUIRE(samples.examples == rows.size());
  for (std::size_t s = 0; s < samples.samples; ++s) {
    CHECK(samples.at(s, 1, 3) == samples.at(s, 0, 3));
    CHECK(samples.at(s, 2, 3) != samples.at(s, 0, 3));
  }
}

TEST_CASE("the option --skip-errors passes over a broken image on standard input") {
  for (const bool csv : {false, true}) {  // CSV of a labelled format reads it first
    CAPTURE(csv);
    const ImageRun tiny(csv ? tiny_cifar_config() : tiny_config());
    ProgramOptions options;
    options.input = read_bytes(tiny.file("a.png"));
    options.input.resize(options.input.size() / 2);
    Words words = {"a.png", "-", "--format", csv ? "csv" : "jsonl"};
    const ProgramRun stopped = tiny.predict(words, options);
    check_failure(stopped, "bnn-predict", 4, "standard input: the PNG image ends too early");
    CHECK(lines_of(stopped.out).size() == (csv ? 0 : 1));
    words.push_back("--skip-errors");
    const ProgramRun skipping = succeed(tiny.predict(words, options));
    CHECK(lines_of(skipping.out).size() == (csv ? 2 : 1));
    CHECK(lines_of(skipping.err) ==
          Words{"warning: skipped standard input: the PNG image ends too early",
                "warning: skipped 1 of 2 images"});
  }
}

TEST_CASE("standard input is read first where CSV needs to know whether it has labels") {
  const ImageRun tiny(tiny_cifar_config());
  ProgramOptions options;
  options.input = tiny.read("test.bin");
  const Words words = {"a.png", "-", "--format", "csv"};
  const std::vector<std::string> labelled = lines_of(tiny.predict(words, options).out);
  REQUIRE(labelled.size() == 2 + kTinyTestExamples);
  CHECK(labelled[0].starts_with("index,input,label,"));
  CHECK(labelled[1].starts_with("0,a.png,,"));
  CHECK(labelled[2].starts_with("1,-#0," + std::to_string(pattern_label(0, kTinyTestPattern))));
  options.input = tiny.read("a.png");
  const std::vector<std::string> images = lines_of(tiny.predict(words, options).out);
  REQUIRE(images.size() == 3);
  CHECK(images[0].starts_with("index,input,predicted,"));
  CHECK(images[2].starts_with("1,-,"));
}

TEST_CASE("several images on standard input are all predicted, and what is none is refused") {
  const ImageRun tiny;
  std::string all;
  std::vector<std::string> expected;
  for (int i = 0; i < 3; ++i) {
    write_bytes(tiny.file("x.png"), pattern_png(i, kTinyTestPattern));
    all += tiny.read("x.png");
    Json row = json_lines(succeed(tiny.predict({"x.png"})).out).at(0);
    row["index"] = i;
    row["input"] = "-#" + std::to_string(i);
    expected.push_back(row.dump());
  }
  ProgramOptions options;
  options.input = all + std::string(100, '\0');  // padding
  CHECK(lines_of(succeed(tiny.predict({"-"}, options)).out) == expected);
  options.input = all + "II+ and more";
  check_failure(tiny.predict({"-"}, options), "bnn-predict", 4,
                "standard input: after 3 images come 12 bytes that are no image");
  options.input = all.substr(0, all.size() - 1);
  check_failure(tiny.predict({"-"}, options), "bnn-predict", 4,
                "standard input#2: the PNG image ends too early");
}

TEST_CASE("a TIFF or BMP on standard input ends where its parts end") {
  const ImageRun tiny;
  const Bytes pixels = [] {
    Bytes bytes;
    for (int i = 0; i < 8 * 8 * 3; ++i) bytes.push_back(static_cast<std::uint8_t>(i));
    return bytes;
  }();
  Bytes bmp = bmp_bytes(8, 8, pixels);
  std::fill(bmp.begin() + 2, bmp.begin() + 6, std::uint8_t{0});  // no size in the header
  const std::vector<Bytes> kinds = {tiff_bytes({.height = 8, .width = 8}, pixels),
                                    tiff_bytes({.height = 8, .width = 8, .compression = 5}, pixels),
                                    bmp, png_bytes({.height = 8, .width = 8}, pixels)};
  std::string all;
  for (int repeat = 0; repeat < 2; ++repeat) {
    for (const Bytes& bytes : kinds) all.append(bytes.begin(), bytes.end());
  }
  ProgramOptions options;
  options.input = all;
  const std::vector<Json> rows = json_lines(succeed(tiny.predict({"-"}, options)).out);
  REQUIRE(rows.size() == 8);
  for (const Json& row : rows) CHECK(row.at("probabilities") == rows[0].at("probabilities"));
}

TEST_CASE("the option --inputs-from answers each path with a line, broken ones too") {
  const ImageRun tiny;
  write_bytes(tiny.file("b.png"), pattern_png(1, kTinyTestPattern));
  write_text(tiny.file("c.png"), "hello");
  write_text(tiny.file("list"), "a.png\r\n\nb.png\nmissing.png\nc.png\na.png");
  const ProgramRun from_file = succeed(tiny.predict({"--inputs-from", "list", "--skip-errors"}));
  const std::vector<Json> rows = json_lines(from_file.out);
  REQUIRE(rows.size() == 5);
  const std::vector<Json> alone = json_lines(succeed(tiny.predict({"a.png", "b.png"})).out);
  CHECK(rows[0] == alone[0]);
  CHECK(rows[1] == alone[1]);
  CHECK(keys_of(rows[2]) == std::vector<std::string>{"index", "input", "error"});
  CHECK(rows[2].at("error").text().starts_with("missing.png: cannot read"));
  CHECK(rows[3].at("error").text().starts_with("c.png: expected an image (PNG"));
  CHECK(rows[4].at("index") == 4);
  CHECK(rows[4].at("probabilities") == alone[0].at("probabilities"));
  ProgramOptions options;
  options.input = tiny.read("list");
  CHECK(tiny.predict({"--inputs-from", "-", "--skip-errors"}, options).out == from_file.out);
  const ProgramRun strict = tiny.predict({"--inputs-from", "-"}, options);
  CHECK(strict.exit_code == 4);
  CHECK(json_lines(strict.out) == std::vector<Json>{rows[0], rows[1]});
  CHECK(strict.err.find("missing.png: cannot read") != std::string::npos);
  options.input = "";
  CHECK(succeed(tiny.predict({"--inputs-from", "-"}, options)).out.empty());
  options.input = std::string(70000, 'a');
  check_failure(tiny.predict({"--inputs-from", "-"}, options), "bnn-predict", 4,
                "a line has more than 65536 bytes");
  check_failure(tiny.predict({"--inputs-from", "none"}), "bnn-predict", 4, "none: cannot read");
  check_failure(tiny.predict({}), "bnn-predict", 2, "INPUT is required");
}

TEST_CASE("a worker answers before the next path comes") {
  const ImageRun tiny;
  // The shell writes the second path only after it has read the first answer.
  const std::string predict = bnn::testing::binary_directory() + "/bnn-predict " + tiny.last();
  const std::string command =
      "mkfifo paths answers; " + predict +
      " --inputs-from - <paths >answers & exec 3>paths 4<answers; "
      "for i in 1 2; do echo a.png >&3; read line <&4; echo \"$line\"; done; "
      "exec 3>&-; wait $!";
  const ProgramRun run =
      StartedProgram("/bin/sh", {"-c", command}, {.directory = tiny.path()}).wait();
  CAPTURE(run.err);
  CHECK(run.exit_code == 0);
  CHECK(json_lines(run.out).size() == 2);
}

// Standard input that stays open, as that of somebody who is still typing: a FIFO with a writer.
class OpenInput {
 public:
  explicit OpenInput(const std::string& path) {
    REQUIRE(mkfifo(path.c_str(), 0600) == 0);
    writer_ = open(path.c_str(), O_RDWR | O_CLOEXEC);
    REQUIRE(writer_ >= 0);
  }
  ~OpenInput() { close(writer_); }

 private:
  int writer_;
};

TEST_CASE("a signal ends the wait for standard input") {
  const ImageRun tiny;
  const OpenInput input(tiny.file("input"));
  for (const int number : {SIGINT, SIGTERM}) {
    std::filesystem::remove(tiny.file("rows"));
    std::string command = "exec " + bnn::testing::binary_directory() + "/bnn-predict ";
    command += tiny.last() + " a.png - <input >rows";
    StartedProgram program("/bin/sh", {"-c", command}, {.directory = tiny.path()});
    // It waits for its input once the row before is there.
    for (int tries = 0; tries < 400; ++tries) {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      if (std::filesystem::exists(tiny.file("rows")) && !tiny.read("rows").empty()) break;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    program.send(number);
    const ProgramRun run = program.wait();
    CAPTURE(run.err);
    CHECK_FALSE(run.timed_out);
    CHECK(run.exit_code == 128 + number);
    CHECK(run.seconds < 30);
  }
}

TEST_CASE("standard input twice is a mistake on the command line") {
  const ImageRun tiny;
  check_failure(tiny.predict({"-", "a.png", "-"}), "bnn-predict", 2, "only once");
  check_failure(tiny.eval({"--files", "-", "--ood", "-"}), "bnn-eval", 2, "only once");
}

}  // namespace bnn::testing
