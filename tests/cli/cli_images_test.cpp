// images as a user gives them: prediction of files, folders and pipes, training from
// class folders, and --ood images of another shape.

#include <filesystem>
#include <functional>
#include <map>

#include <catch2/catch.hpp>

#include "support/image_files.h"
#include "support/json_document.h"
#include "support/npy_array.h"
#include "support/other_image_files.h"
#include "support/tiny_run.h"

namespace bnn::testing {
namespace {

namespace fs = std::filesystem;

// The rows by the name of the input, without what depends on company.
std::map<std::string, std::string> by_input(const std::string& out) {
  std::map<std::string, std::string> rows;
  for (Json row : json_lines(out)) {
    row.erase("index");
    const std::string input = row.at("input").text();
    rows[input] = row.dump();
  }
  return rows;
}

ProgramRun succeed(const ProgramRun& run) {
  INFO(run.err);
  REQUIRE(run.exit_code == 0);
  return run;
}

// Twenty PNG images of the tiny run's shape in images/ and images/more/.
void write_images(const TinyRun& tiny) {
  fs::create_directories(tiny.file("images/more"));
  for (int i = 0; i < 20; ++i) {
    const std::string folder = i % 3 == 0 ? "images/more/" : "images/";
    write_bytes(tiny.file(folder + std::to_string(i) + ".png"), pattern_png(i, kTinyTestPattern));
  }
}

}  // namespace

TEST_CASE("bnn-predict takes image files, folders and a pipe, whatever the data format") {
  const TrainedRun tiny;
  write_images(tiny);
  write_text(tiny.file("images/notes.txt"), "no image");
  const ProgramRun folder = succeed(tiny.predict({"images"}));
  CHECK(folder.err.find("passed over a file that is no image") != std::string::npos);
  const auto rows = by_input(folder.out);
  REQUIRE(rows.size() == 20);
  const std::vector<Json> lines = json_lines(folder.out);
  CHECK(lines[0].at("input") == "images/1.png");
  CHECK(lines[1].at("input") == "images/10.png");
  CHECK(lines.back().at("input") == "images/more/9.png");
  for (std::size_t i = 0; i < lines.size(); ++i) CHECK(lines[i].at("index") == i);

  // Alone and in company, in any order and on any number of threads, the same bits.
  const ProgramRun some =
      succeed(tiny.predict({"images/more/9.png", "images/1.png", "--threads", "3"}));
  CHECK(some.err.empty());
  for (const auto& [input, row] : by_input(some.out)) CHECK(rows.at(input) == row);
  const ProgramRun alone = succeed(tiny.predict({"images/1.png", "--threads", "1"}));
  CHECK(by_input(alone.out).at("images/1.png") == rows.at("images/1.png"));

  ProgramOptions options;
  options.input = read_bytes(tiny.file("images/1.png"));
  Json piped = json_lines(succeed(tiny.predict({"-"}, options)).out).at(0);
  CHECK(piped.at("input") == "-");
  piped["input"] = "images/1.png";
  piped.erase("index");
  CHECK(piped.dump() == rows.at("images/1.png"));

  const ProgramRun mixed = succeed(tiny.predict({"images/1.png", "test-images", "images/2.png"}));
  CHECK(json_lines(mixed.out).size() == kTinyTestExamples + 2);
  CHECK(by_input(mixed.out).at("images/1.png") == rows.at("images/1.png"));
}

TEST_CASE("an image that comes through a pipe in pieces is the image of the file") {
  const TrainedRun tiny;
  Bytes noise;  // does not compress, so that it is larger than any pipe's buffer
  for (int i = 0; i < 300 * 300 * 3; ++i) noise.push_back(pattern_pixel(i, 5, 300, i, 1, 2));
  write_bytes(tiny.file("large.png"), png_bytes({.height = 300, .width = 300}, noise));
  ProgramOptions options;
  options.input = read_bytes(tiny.file("large.png"));
  REQUIRE(options.input.size() > 100000);
  Json piped = json_lines(succeed(tiny.predict({"-"}, options)).out).at(0);
  piped["input"] = "large.png";
  CHECK(piped == json_lines(succeed(tiny.predict({"large.png"})).out).at(0));
  options.input.resize(options.input.size() - 1);
  check_failure(tiny.predict({"-"}, options), "bnn-predict", 4,
                "standard input: the PNG image ends too early");
}

TEST_CASE("without noise an image file gives what the same image in a data file gives") {
  const TrainedRun tiny;
  write_images(tiny);
  const std::vector<Json> data =
      json_lines(succeed(tiny.predict({"test-images", "--mean-weights"})).out);
  const auto images = by_input(succeed(tiny.predict({"images", "--mean-weights"})).out);
  for (const int i : {1, 2, 4, 19}) {
    const Json row = bnn::testing::parsed(images.at("images/" + std::to_string(i) + ".png"));
    const Json& expected = data[static_cast<std::size_t>(i)];
    CHECK(row.at("predicted") == expected.at("predicted"));
    CHECK(row.at("confidence").get<double>() ==
          Approx(expected.at("confidence").get<double>()).epsilon(1e-5));
  }
}

TEST_CASE("bnn-predict resizes and converts images and says so once") {
  const TrainedRun tiny;
  Bytes colour;
  for (int i = 0; i < 20 * 10; ++i) colour.insert(colour.end(), {9, 99, 200});
  write_bytes(tiny.file("a.jpg"), jpeg_bytes(20, 10, JpegColours::rgb, colour));
  write_bytes(tiny.file("b.png"), pattern_png(0, 0));
  const ProgramRun run = succeed(tiny.predict({"a.jpg", "b.png"}));
  CHECK(run.err ==
        "resized 1 and converted the colours of 1 of 2 images to 8 x 8 x 1 (the first from 20 x 10 "
        "x 3)\n");
  CHECK(succeed(tiny.predict({"a.jpg", "--quiet"})).err.empty());
}

TEST_CASE("a broken image ends a prediction with 4, or is reported and skipped") {
  const TrainedRun tiny;
  write_images(tiny);
  const std::string whole = read_bytes(tiny.file("images/2.png"));
  write_text(tiny.file("images/2.png"), whole.substr(0, whole.size() / 2));
  write_text(tiny.file("images/4.png"), "");
  const ProgramRun stopped = tiny.predict({"images"});
  check_failure(stopped, "bnn-predict", 4, "images/2.png: the PNG image ends too early");
  std::vector<std::string> written;
  for (const Json& row : json_lines(stopped.out)) written.push_back(row.at("input").text());
  CHECK(written.back() == "images/19.png");  // the last before images/2.png
  CHECK(written.size() == 8);                // 1, 10, 11, 13, 14, 16, 17, 19
  const std::vector<std::string> before = tiny.tree();
  check_failure(tiny.predict({"images", "--output", "rows.jsonl"}), "bnn-predict", 4, "2.png");
  CHECK(tiny.tree() == before);

  const ProgramRun skipping = succeed(tiny.predict({"images", "--skip-errors"}));
  CHECK(json_lines(skipping.out).size() == 18);
  const std::vector<std::string> said = lines_of(skipping.err);
  REQUIRE(said.size() == 3);
  CHECK(said[0] == "warning: skipped images/2.png: the PNG image ends too early");
  CHECK(said[1].find("images/4.png: expected an image (PNG, JPEG, WebP, TIFF, GIF or BMP), found "
                     "an empty file") != std::string::npos);
  CHECK(said[2] == "warning: skipped 2 of 20 images");
}

TEST_CASE("a prediction of which every image was skipped fails and writes nothing") {
  const TrainedRun tiny;
  write_text(tiny.file("a.png"), "GIF89a");
  write_text(tiny.file("b.png"), "");
  const std::vector<std::string> before = tiny.tree();
  for (const Words& words : {Words{"a.png", "b.png", "--skip-errors"},
                             Words{"a.png", "b.png", "--skip-errors", "--format", "csv"},
                             Words{"a.png", "b.png", "--skip-errors", "--output", "rows"}}) {
    const ProgramRun run = tiny.predict(words);
    CHECK(run.exit_code == 4);
    CHECK(run.out.empty());
    const std::vector<std::string> said = lines_of(run.err);
    REQUIRE(said.size() == 3);
    CHECK(said[1].starts_with("warning: skipped b.png: "));
    CHECK(said[2] ==
          "bnn-predict: error: nothing was predicted: all images (2) were skipped; expected at "
          "least one that can be decoded");
  }
  CHECK(tiny.tree() == before);
}

TEST_CASE("bnn-predict says what is wrong with inputs that are no images") {
  const TrainedRun tiny;
  fs::create_directory(tiny.file("empty"));
  check_failure(tiny.predict({"empty"}), "bnn-predict", 4, "holds no images");
  check_failure(tiny.predict({"missing.png"}), "bnn-predict", 4, "missing.png");
  write_text(tiny.file("a.png"), "8BPS....");
  check_failure(tiny.predict({"a.png"}), "bnn-predict", 4, "found a Photoshop document");
  write_bytes(tiny.file("b.png"), pattern_png(0, 0));
  check_failure(tiny.predict({"b.png", "--format", "npy"}), "bnn-predict", 2, "--output");
  check_failure(tiny.predict({"b.png", "--skip-errors", "--save-samples", "s.npy"}), "bnn-predict",
                2, "--skip-errors");
  check_failure(tiny.predict({"b.png", "--abstain-score", "confidence", "--abstain-above", "0.5"}),
                "bnn-predict", 2, "--abstain-below");
  check_failure(tiny.predict({"b.png", "--abstain-score", "energy", "--abstain-below", "0.5"}),
                "bnn-predict", 2, "--abstain-score needs --abstain-above X");
}

TEST_CASE("the option --format npy holds the probabilities of the rows") {
  const TrainedRun tiny;
  write_images(tiny);
  const std::vector<Json> rows = json_lines(succeed(tiny.predict({"images"})).out);
  succeed(tiny.predict({"images", "--format", "npy", "--output", "p.npy"}));
  const NpyArray table = parse_npy(tiny.read("p.npy"));
  REQUIRE(table.samples == 1);
  REQUIRE(table.examples == rows.size());
  REQUIRE(table.classes == 10);
  for (std::size_t n = 0; n < rows.size(); ++n) {
    for (std::size_t k = 0; k < 10; ++k) {
      CHECK(table.at(0, n, k) ==
            static_cast<double>(static_cast<float>(rows[n].at("probabilities")[k].get<double>())));
    }
  }
}

TEST_CASE("the option --abstain-score chooses what the threshold is compared with") {
  const TrainedRun tiny;
  for (const char* score :
       {"predictive_entropy", "expected_entropy", "mutual_information", "variation_ratio"}) {
    CAPTURE(score);
    const std::vector<Json> plain = json_lines(succeed(tiny.predict({"test-images"})).out);
    const auto threshold = plain[5].at(score).get<double>();
    const ProgramRun run = succeed(tiny.predict(
        {"test-images", "--abstain-score", score, "--abstain-above", plain[5].at(score).dump()}));
    for (const Json& row : json_lines(run.out)) {
      CHECK(row.at("abstain") == (row.at(score).get<double>() > threshold));
    }
  }
  const ProgramRun below = succeed(tiny.predict({"test-images", "--abstain-below", "0.3"}));
  for (const Json& row : json_lines(below.out)) {
    CHECK(row.at("abstain") == (row.at("confidence").get<double>() < 0.3));
  }
}

TEST_CASE(
    "the option --ood-format is advised for files of another format, --ood-resize for other "
    "shapes") {
  const TrainedRun tiny;
  write_bytes(tiny.file("odd.bin"), Bytes(5000, 1));
  const std::string advice = "; if the file has another format, name it with --ood-format";
  check_failure(tiny.eval({"--ood", "odd.bin"}), "bnn-eval", 4, "an idx file" + advice);
  const ProgramRun records = tiny.eval({"--ood", "odd.bin", "--ood-format", "cifar10"});
  check_failure(records, "bnn-eval", 4, "odd.bin: expected a whole number of records of 3073");
  CHECK(records.err.find("--ood-format") == std::string::npos);  // it was named
  CHECK(records.err.find("--ood-resize") == std::string::npos);
  const ProgramRun missing = tiny.eval({"--ood", "none", "--ood-format", "cifar10"});
  check_failure(missing, "bnn-eval", 4, "none: cannot read");
  CHECK(missing.err.find("--ood-format") == std::string::npos);
}

TEST_CASE(
    "the option --ood takes images of other shapes only with --ood-resize, and says what it did") {
  const TrainedRun tiny;
  write_cifar10(tiny.file("batch.bin"), 5);
  write_idx_images(tiny.file("wide"), 4, 6, 9);
  write_images(tiny);
  fs::create_directory(tiny.file("photos"));
  Bytes colour;
  for (int i = 0; i < 20 * 10; ++i) colour.insert(colour.end(), {9, 99, 200});
  write_bytes(tiny.file("photos/a.jpg"), jpeg_bytes(20, 10, JpegColours::rgb, colour));

  succeed(tiny.eval({"--fit-features"}));  // says how many images there are
  CHECK(succeed(tiny.eval({"--ood", "images"})).err.empty());
  check_failure(tiny.eval({"--ood", "wide"}), "bnn-eval", 4,
                "wide: images are 6 x 9 x 1, the model's input is 8 x 8 x 1; --ood-resize");
  check_failure(tiny.eval({"--ood", "batch.bin", "--ood-format", "cifar10"}), "bnn-eval", 4,
                "--ood-resize");
  check_failure(tiny.eval({"--ood", "photos"}), "bnn-eval", 4, "photos/a.jpg: images are 20 x 10");
  CHECK(succeed(tiny.eval({"--ood", "batch.bin", "--ood-format", "cifar10", "--ood-resize"})).err ==
        "--ood: resized 5 and converted the colours of 5 of 5 images to 8 x 8 x 1 (the first from "
        "32 x 32 x 3)\n");
  const ProgramRun all =
      succeed(tiny.eval({"--ood", "wide", "photos", "images", "test-images", "--ood-resize"}));
  CHECK(all.err ==
        "--ood: resized 5 and converted the colours of 1 of 62 images to 8 x 8 x 1 (the first from "
        "6 x 9 x 1)\n");
  check_failure(tiny.eval({"--ood-resize"}), "bnn-eval", 2, "--ood");
}

}  // namespace bnn::testing
