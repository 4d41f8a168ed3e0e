// Training and evaluation on image files: class folders, tables of labels, a cache of decoded
// images.

#include <algorithm>
#include <filesystem>
#include <functional>

#include <catch2/catch.hpp>

#include "support/image_files.h"
#include "support/json_document.h"
#include "support/other_image_files.h"
#include "support/tiny_run.h"

namespace bnn::testing {
namespace {

namespace fs = std::filesystem;

Json folder_config() {
  Json config = tiny_config();
  config["data"] = {{"format", "folder"},
                    {"train", "train"},
                    {"test", "test"},
                    {"validation", kTinyValidationExamples}};
  return config;
}

void write_folders(const TinyRun& tiny) {
  write_class_folders(tiny.file("train"), kTinyTrainExamples + kTinyValidationExamples,
                      kTinyTrainPattern);
  write_class_folders(tiny.file("test"), kTinyTestExamples, kTinyTestPattern);
}

ProgramRun succeed(const ProgramRun& run) {
  INFO(run.err);
  REQUIRE(run.exit_code == 0);
  return run;
}

}  // namespace

TEST_CASE("a run trains from class folders, resumes, and is evaluated") {
  const TinyRun tiny(folder_config());
  write_folders(tiny);
  const ProgramRun run = tiny.train({"--out", "run"});
  succeed(run);
  const Json config = bnn::testing::parsed(tiny.read("run/config.json"));
  const std::vector<std::string> names = {"eight", "five", "four",  "nine", "one",
                                          "seven", "six",  "three", "two",  "zero"};
  CHECK(config.at("data").at("class_folders") == names);
  CHECK(config.at("data").at("class_names") == names);

  succeed(tiny.train({"--out", "halves", "--max-steps", "6"}));
  succeed(tiny.train_raw({"--resume", "--out", "halves"}));
  CHECK(read_bytes(tiny.last("halves")) == read_bytes(tiny.last()));

  const Json result = bnn::testing::parsed(succeed(tiny.eval({"--format", "json"})).out);
  CHECK(result.at("examples") == kTinyTestExamples);
  CHECK(result.at("per_class")[9].at("class") == "zero");
  // Examples 7, 17 and 27 of pattern 3 have label 0.
  CHECK(result.at("per_class")[9].at("examples") == 3);
  const Json again =
      bnn::testing::parsed(succeed(tiny.eval({"--files", "test", "--format", "json"})).out);
  CHECK(again == result);
  CHECK(json_lines(succeed(tiny.predict({"test"})).out).size() == kTinyTestExamples);
  check_failure(tiny.predict({"test-images"}), "bnn-predict", 4, "expected an image");
  write_text(tiny.file("IMG_1.HEIC"), "1234ftypheic");
  check_failure(tiny.predict({"IMG_1.HEIC"}), "bnn-predict", 4,
                "or a folder of images, found a HEIC image or a film");

  // A report names the files of its images, with their folders alone.
  succeed(tiny.eval({"--files", tiny.file("test"), "--report", "page.html"}));
  const std::string page = tiny.read("page.html");
  CHECK(page.find("/7.png</bdi>") != std::string::npos);
  CHECK(page.find(tiny.path()) == std::string::npos);

  write_bytes(tiny.file("train/one/1.png"), pattern_png(2, kTinyTrainPattern));
  check_failure(tiny.train_raw({"--resume", "--out", "halves"}), "bnn-train", 4, "differ");
}

TEST_CASE("a table of labels trains as the same images in class folders do") {
  Json config = folder_config();
  const TinyRun tiny(config);
  write_folders(tiny);
  succeed(tiny.train({"--out", "folders"}));
  for (const std::string split : {"train", "test"}) {
    std::string table = "name,file\n";
    std::vector<fs::path> folders;
    for (const auto& folder : fs::directory_iterator(tiny.file(split))) folders.push_back(folder);
    std::sort(folders.begin(), folders.end());
    for (const fs::path& folder : folders) {
      std::vector<fs::path> images;
      for (const auto& image : fs::directory_iterator(folder)) images.push_back(image);
      std::sort(images.begin(), images.end());
      for (const fs::path& image : images) {
        table += folder.filename().string() + "," + split + "/" + folder.filename().string() + "/" +
                 image.stem().string() + "\n";
      }
    }
    write_text(tiny.file(split + ".csv"), table);
  }
  config["data"]["format"] = "csv";
  config["data"]["train"] = "train.csv";
  config["data"]["test"] = "test.csv";
  config["data"]["file_column"] = "file";
  config["data"]["label_column"] = "name";
  config["data"]["file_suffix"] = ".png";
  tiny.write_config(config);
  succeed(tiny.train({"--out", "run"}));
  CHECK(timeless_metrics(tiny.read("run/metrics.jsonl")) ==
        timeless_metrics(tiny.read("folders/metrics.jsonl")));
  const ProgramRun folders = StartedProgram("bnn-eval", {tiny.last("folders"), "--format", "json"},
                                            {.directory = tiny.path()})
                                 .wait();
  CHECK(succeed(tiny.eval({"--format", "json"})).out == folders.out);
  CHECK(json_lines(succeed(tiny.predict({"test"})).out).size() == kTinyTestExamples);

  write_text(tiny.file("test.csv"), "name,file\nnobody,test/one/1\n");
  check_failure(tiny.train({"--out", "no"}), "bnn-train", 4, "the label \"nobody\" is no class");
  config["data"]["format"] = "folder";
  check_config_refused(tiny, config.dump(), "/data/file_column: belongs to format \"csv\" only");
}

TEST_CASE("a run with an image cache gives the bytes of one without") {
  const TinyRun tiny(folder_config());
  write_folders(tiny);
  succeed(tiny.train({"--out", "run"}));
  const ProgramRun cached = tiny.train({"--out", "cached", "--image-cache", "cache"});
  succeed(cached);
  CHECK(cached.err.find("the images lie in cache/images-") != std::string::npos);
  CHECK(read_bytes(tiny.last("cached")) == read_bytes(tiny.last()));
  succeed(tiny.train({"--out", "halves", "--max-steps", "6", "--image-cache", "cache"}));
  succeed(tiny.train_raw({"--resume", "--out", "halves"}));
  CHECK(read_bytes(tiny.last("halves")) == read_bytes(tiny.last()));
  const Words words = {"--corrupt", "contrast", "--format", "json"};
  Words with_cache = words;
  with_cache.insert(with_cache.end(), {"--image-cache", "cache"});
  CHECK(succeed(tiny.eval(with_cache)).out == succeed(tiny.eval(words)).out);
}

TEST_CASE("images that were added after the training are not taken for held-out ones") {
  Json config = tiny_config();
  config["data"] = {
      {"format", "folder"}, {"train", "photos"}, {"test", "later"}, {"validation", 12}};
  const TinyRun tiny(config);
  write_class_folders(tiny.file("photos"), 60, kTinyTrainPattern);
  const ProgramRun training = tiny.train({"--out", "run"});
  REQUIRE(training.exit_code == 0);
  CHECK(training.err.find("later does not exist: /data/test names it") != std::string::npos);
  CHECK(tiny.eval({"--split", "validation"}).exit_code == 0);
  write_bytes(tiny.file("photos/one/new.png"), pattern_png(77, kTinyTestPattern));
  for (const Words& words :
       {Words{"--split", "validation"}, {"--split", "train"}, {"--fit-calibration"}}) {
    check_failure(tiny.eval(words), "bnn-eval", 4, "differ from those that the run was given");
  }
}

TEST_CASE("class folders that are not as they should be are refused by name") {
  const auto refused = [](const std::function<void(const TinyRun&)>& spoil,
                          const std::string& part) {
    const TinyRun tiny(folder_config());
    write_folders(tiny);
    spoil(tiny);
    const std::vector<std::string> before = tiny.tree();
    check_failure(tiny.train({"--out", "run"}), "bnn-train", 4, part);
    CHECK(tiny.tree() == before);
  };
  refused([](const TinyRun& t) { fs::remove_all(t.file("train/six")); },
          "train: expected 10 class folders, as many as the model has outputs, found 9");
  refused([](const TinyRun& t) { fs::remove_all(t.file("train")); }, "train: cannot read");
  refused([](const TinyRun& t) { fs::create_directory(t.file("train/six/more")); },
          "train/six/more: a folder inside a class folder");
  refused(
      [](const TinyRun& t) {
        fs::remove_all(t.file("train/six"));
        fs::create_directory(t.file("train/six"));
      },
      "train/six: the class folder holds no images");
  refused([](const TinyRun& t) { write_text(t.file("train/six/x.txt"), "hello"); },
          "train/six/x.txt: expected an image (PNG, JPEG, WebP, TIFF, GIF or BMP)");
  refused([](const TinyRun& t) { write_bytes(t.file("train/x.png"), pattern_png(0, 0)); },
          "train/x.png: an image beside the class folders");
  refused([](const TinyRun& t) { fs::rename(t.file("train/six"), t.file("train/s\xff")); },
          "not UTF-8");
}

TEST_CASE(
    "class folders of training and test are compared before training, every difference named") {
  const TinyRun tiny(folder_config());
  write_folders(tiny);
  fs::rename(tiny.file("test/one"), tiny.file("test/uno"));
  fs::remove_all(tiny.file("test/six"));
  const ProgramRun run = tiny.train({"--out", "run"});
  CHECK(run.exit_code == 4);
  CHECK(lines_of(run.err) ==
        std::vector<std::string>{
            "bnn-train: error: ./test: the folder of class \"one\" is missing",
            "bnn-train: error: ./test: the folder of class \"six\" is missing",
            "bnn-train: error: ./test/uno: no class of the data that come first has this name",
            "bnn-train: error: the class folders differ in 3 places; expected the same names "
            "everywhere"});
  CHECK_FALSE(fs::exists(tiny.file("run")));
  fs::remove_all(tiny.file("test"));  // it may lie elsewhere
  succeed(tiny.train({"--out", "run"}));
}

TEST_CASE("all broken images of class folders are listed at once, or skipped") {
  const TinyRun tiny(folder_config());
  write_folders(tiny);
  write_text(tiny.file("train/one/x.png"), "GIF89a");
  write_text(tiny.file("train/two/y.txt"), "hello");
  const ProgramRun refused = tiny.train({"--out", "run"});
  CHECK(refused.exit_code == 4);
  const std::vector<std::string> said = lines_of(refused.err);
  REQUIRE(said.size() == 3);
  CHECK(said[0] == "bnn-train: error: ./train/one/x.png: the GIF image ends too early");
  CHECK(said[1].find("train/two/y.txt: expected an image (PNG, ") != std::string::npos);
  CHECK(said[2] ==
        "bnn-train: error: 2 of 62 images cannot be read; mend or remove them, or pass over them "
        "with --skip-errors");
  CHECK_FALSE(fs::exists(tiny.file("run")));

  const ProgramRun skipping = succeed(tiny.train({"--out", "run", "--skip-errors"}));
  CHECK(skipping.err.find("warning: skipped ./train/one/x.png: the GIF image ends too early\n") !=
        std::string::npos);
  CHECK(skipping.err.find("warning: skipped 2 of 62 images\n") != std::string::npos);
  CHECK(tiny.eval({"--split", "train", "--data", "."}).exit_code == 4);
  succeed(tiny.eval({"--split", "train", "--data", ".", "--skip-errors"}));
  fs::remove(tiny.file("train/one/x.png"));
  fs::remove(tiny.file("train/two/y.txt"));
  succeed(tiny.train({"--out", "clean"}));
  CHECK(read_bytes(tiny.last("run")) == read_bytes(tiny.last("clean")));

  for (const auto& entry : fs::directory_iterator(tiny.file("train/six"))) {
    write_text(entry.path().string(), "hello");
  }
  check_failure(tiny.train({"--out", "none", "--skip-errors", "--quiet"}), "bnn-train", 4,
                "no image of class \"six\" can be decoded");
}

TEST_CASE("photographs that are stored turned give what upright ones give, and it is said once") {
  const TrainedRun tiny;
  Bytes upright;
  for (int i = 0; i < 10 * 12; ++i) upright.push_back(static_cast<std::uint8_t>(7 * i));
  write_bytes(tiny.file("upright.png"),
              png_bytes({.height = 10, .width = 12, .colour = 0}, upright));
  const Bytes lying = stored_turned(upright, 10, 12, 1, 6);
  write_bytes(tiny.file("lying.png"),
              png_with_exif(png_bytes({.height = 12, .width = 10, .colour = 0}, lying),
                            exif_bytes(6, true)));
  const ProgramRun run = succeed(tiny.predict({"upright.png", "lying.png", "lying.png"}));
  CHECK(run.err ==
        "resized 3 of 3 images to 8 x 8 x 1 (the first from 10 x 12 x 1); turned 2 of 3 images "
        "upright, as their EXIF data say\n");
  std::vector<Json> rows = json_lines(run.out);
  for (Json& row : rows) {
    row.erase("index");
    row.erase("input");
  }
  CHECK(rows[0] == rows[1]);
  CHECK(rows[0] == rows[2]);
}

TEST_CASE("training says how many images each class has and warns of small classes") {
  const TinyRun tiny(folder_config());
  write_folders(tiny);
  const ProgramRun even = succeed(tiny.train({"--out", "even"}));
  CHECK(even.err.find("training images of each class: ") != std::string::npos);
  CHECK(even.err.find("class_weights") == std::string::npos);
  for (int i = 60; i < 150; ++i) {
    write_bytes(tiny.file("train/six/" + std::to_string(i) + ".png"), pattern_png(i, 0));
  }
  const ProgramRun uneven = succeed(tiny.train({"--out", "uneven"}));
  CHECK(uneven.err.find(", class \"six\" has 8") != std::string::npos);
  for (const std::string set : {"training.sampling=balanced", "training.class_weights=balanced",
                                "training.class_weights=[1,1,1,1,1,1,1,1,1,1]"}) {
    succeed(tiny.train({"--out", "other", "--overwrite", "--set", set}));
    const bool same = read_bytes(tiny.last("other")) == read_bytes(tiny.last("uneven"));
    CAPTURE(set);
    CHECK_FALSE(same);  // the config is in the checkpoint
  }
  check_failure(
      tiny.train({"--out", "no", "--set", "training.class_weights=[1,2]"}), "bnn-train", 3,
      "/training/class_weights: expected \"balanced\" or 10 weights, one for each class, found 2");
  for (const char* nothing : {"[]", "[0,0]"}) {
    check_failure(
        tiny.train({"--out", "no", "--set", "training.class_weights=" + std::string(nothing)}),
        "bnn-train", 3, "/training/class_weights: no class counts");
  }
  check_failure(tiny.train({"--out", "no", "--set", "training.class_weights=balanced", "--set",
                            "training.sampling=balanced"}),
                "bnn-train", 3, "expected one of the two");
}

TEST_CASE("other data of a run must have the class folders that it was trained with") {
  const TinyRun tiny(folder_config());
  write_folders(tiny);
  succeed(tiny.train({"--out", "run"}));
  fs::rename(tiny.file("test/one"), tiny.file("test/uno"));
  const ProgramRun run = tiny.eval({});
  CHECK(run.exit_code == 4);
  CHECK(run.err.find("test: the folder of class \"one\" is missing\n") != std::string::npos);
  CHECK(run.err.find("test/uno: no class of the data that come first") != std::string::npos);
}

}  // namespace bnn::testing
