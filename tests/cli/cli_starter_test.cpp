// bnn-train --init and presets, as somebody with own images uses them.

#include <filesystem>

#include <catch2/catch.hpp>

#include "support/data_files.h"
#include "support/image_files.h"
#include "support/json_document.h"
#include "support/tiny_run.h"

namespace bnn::testing {
namespace {

namespace fs = std::filesystem;

// --init, then a short run of the config that it writes, without an edit.
Json started(const TinyRun& tiny, const Words& paths, const std::string& data) {
  Words words = {"--init"};
  words.insert(words.end(), paths.begin(), paths.end());
  const ProgramRun init = tiny.train_raw(words);
  CAPTURE(init.err);
  REQUIRE(init.exit_code == 0);
  write_text(tiny.file("my.json"), init.out);
  const ProgramRun run = tiny.train_raw(
      {"--config", "my.json", "--data", data, "--out", "run", "--overwrite", "--max-steps", "2"});
  CAPTURE(run.err);
  CHECK(run.exit_code == 0);
  return parsed(init.out);
}

}  // namespace

TEST_CASE("the option --init writes a config that trains as it stands") {
  const TinyRun tiny;
  write_class_folders(tiny.file("photos/train"), 60, kTinyTrainPattern);
  write_class_folders(tiny.file("photos/test"), kTinyTestExamples, kTinyTestPattern);
  const Json split = started(tiny, {"photos"}, "photos");
  CHECK(split.at("name") == "photos");
  CHECK(split.at("data").at("train") == "train");
  CHECK(split.at("data").at("test") == "test");
  CHECK(split.at("model").at("preset") == "small");
  CHECK(split.at("model").at("input").dump() == R"({"height":8,"width":8,"channels":1})");
  CHECK(tiny.eval({"--data", "photos", "--bootstrap", "0"}).exit_code == 0);

  fs::rename(tiny.file("photos"), tiny.file("Photos"));
  fs::rename(tiny.file("Photos/train"), tiny.file("Photos/Train"));
  CHECK(started(tiny, {"Photos"}, "Photos").at("data").at("train") == "Train");
  fs::rename(tiny.file("Photos/Train"), tiny.file("Photos/train"));
  fs::rename(tiny.file("Photos"), tiny.file("photos"));

  // Three images are enough, and a class may be called "train".
  fs::create_directories(tiny.file("few/train"));
  fs::create_directories(tiny.file("few/bus"));
  write_bytes(tiny.file("few/train/1.png"), pattern_png(0, 0));
  write_bytes(tiny.file("few/bus/1.png"), pattern_png(1, 0));
  write_bytes(tiny.file("few/bus/2.png"), pattern_png(2, 0));
  const Json few = started(tiny, {"few"}, "few");
  CHECK(few.at("data").at("train") == ".");
  CHECK(few.at("training").at("kl").at("weight").get<double>() > 0);

  const Json plain = started(tiny, {"photos/train"}, "photos/train");
  CHECK(plain.at("data").at("train") == ".");
  CHECK_FALSE(plain.at("data").contains("test"));

  const Json idx = started(tiny, {"train-images", "train-labels"}, ".");
  CHECK(idx.at("data").at("format") == "idx");
  fs::create_directory(tiny.file("cifar"));
  write_cifar10(tiny.file("cifar/data_batch_1.bin"), 20);
  write_cifar10(tiny.file("cifar/test_batch.bin"), 5);
  const Json cifar = started(tiny, {"cifar"}, "cifar");
  CHECK(cifar.at("data").at("format") == "cifar10");
  CHECK(cifar.at("data").at("test") == "test_batch.bin");
  CHECK(cifar.at("data").at("augment").at("flip_horizontal") == true);
  const Json file = started(tiny, {"cifar/data_batch_1.bin"}, "cifar");
  CHECK(file.at("data").at("train") == "data_batch_1.bin");
}

TEST_CASE("the option --init says what it finds: sizes, balance, broken images") {
  const TinyRun tiny;
  write_class_folders(tiny.file("photos"), 60, kTinyTrainPattern);
  for (int i = 60; i < 120; ++i) {
    write_bytes(tiny.file("photos/six/" + std::to_string(i) + ".png"), pattern_png(i, 0));
  }
  Bytes colour(20 * 50 * 3, 9);
  colour[0] = 200;
  write_bytes(tiny.file("photos/six/wide.png"), png_bytes({.height = 20, .width = 50}, colour));
  write_text(tiny.file("photos/one/broken.png"), "hello");
  const ProgramRun run = tiny.train_raw({"--init", "photos"});
  REQUIRE(run.exit_code == 0);
  CHECK(run.err.find("photos: 122 images to train on, 10 classes, 8 to 50 pixels a side, "
                     "resized to 8 x 8, colour\n") != std::string::npos);
  CHECK(run.err.find("training images, class \"six\" has") != std::string::npos);
  CHECK(run.err.find("warning: photos/one/broken.png: expected an image") != std::string::npos);
  CHECK(run.err.find("1 of 122 images cannot be decoded") != std::string::npos);
  CHECK(run.err.find(
            "bnn-train --config photos.json --data photos --out runs/photos --skip-errors\n") !=
        std::string::npos);
  const Json config = parsed(run.out);
  CHECK(config.at("data").at("resize") == "crop");
  CHECK(config.at("model").at("input").dump() == R"({"height":8,"width":8,"channels":3})");
}

TEST_CASE("the option --init says that it leaves a folder of validation images out") {
  const TinyRun tiny;
  for (const char* name : {"photos/train", "photos/test", "photos/val"}) {
    write_class_folders(tiny.file(name), 20, kTinyTrainPattern);
  }
  const ProgramRun both = tiny.train_raw({"--init", "photos"});
  CHECK(parsed(both.out).at("data").at("test") == "test");
  CHECK(both.err.find("folder val is left out") != std::string::npos);
  CHECK(both.err.find(R"("train": ["train","val"])") != std::string::npos);
  fs::remove_all(tiny.file("photos/test"));
  const ProgramRun one = tiny.train_raw({"--init", "photos"});
  CHECK(parsed(one.out).at("data").at("test") == "val");
  CHECK(one.err.find("left out") == std::string::npos);
}

TEST_CASE("the commands of --init can be pasted into a shell, whatever the folder is called") {
  const TinyRun tiny;
  write_class_folders(tiny.file("my 'old' photos"), 30, kTinyTrainPattern);
  const ProgramRun run = tiny.train_raw({"--init", "my 'old' photos"});
  CHECK(run.err.find("bnn-train --config 'my '\\''old'\\'' photos.json' --data 'my '\\''old'\\'' "
                     "photos' --out 'runs/my '\\''old'\\'' photos'\n") != std::string::npos);
}

TEST_CASE("the option --init reads tables of labels") {
  const TinyRun tiny;
  std::string table = "file,label\n";
  fs::create_directories(tiny.file("tables/pictures"));
  for (int i = 0; i < 20; ++i) {
    const std::string name = "pictures/" + std::to_string(i) + ".png";
    write_bytes(tiny.file("tables/" + name), pattern_png(i, kTinyTrainPattern));
    table += name + (i % 2 == 0 ? ",even\n" : ",odd\n");
  }
  write_text(tiny.file("tables/mine.csv"), table);
  const Json named = started(tiny, {"tables/mine.csv"}, "tables");
  CHECK(named.at("data").at("format") == "csv");
  CHECK(named.at("data").at("train") == "mine.csv");
  fs::rename(tiny.file("tables/mine.csv"), tiny.file("tables/train.csv"));
  write_text(tiny.file("tables/test.csv"), "file,label\npictures/3.png,odd\n");
  const Json found = started(tiny, {"tables"}, "tables");
  CHECK(found.at("data").at("test") == "test.csv");
  write_text(tiny.file("tables/test.csv"), "file,label\npictures/3.png,strange\n");
  check_failure(tiny.train_raw({"--init", "tables"}), "bnn-train", 4, "strange");
}

TEST_CASE("the commands of --init within a folder of classes keep the run out of it") {
  const TinyRun tiny;
  write_class_folders(tiny.file("photos"), 30, kTinyTrainPattern);
  const ProgramRun init =
      run_program("bnn-train", {"--init", "."}, {.directory = tiny.file("photos")});
  CHECK(init.err.find("--data . --out ../runs/photos\n") != std::string::npos);
  write_text(tiny.file("my.json"), init.out);
  check_failure(tiny.train_raw({"--config", "my.json", "--data", "photos", "--out", "photos/run"}),
                "bnn-train", 2, "lies among the class folders of photos");
  const std::string odd = "caf\xff";
  write_class_folders(tiny.file(odd), 30, kTinyTrainPattern);
  const ProgramRun named = tiny.train_raw({"--init", odd});
  CHECK(named.exit_code == 0);
  write_text(tiny.file("odd.json"), named.out);
  check_failure(tiny.train_raw({"--config", "odd.json", "--data", odd, "--out", "odd"}),
                "bnn-train", 2, "the folder's name is no UTF-8 text");
  fs::create_directories(tiny.file("split"));
  fs::rename(tiny.file("photos"), tiny.file("split/train"));
  write_text(tiny.file("split.json"), tiny.train_raw({"--init", "split"}).out);
  check_failure(tiny.train_raw({"--config", "split.json"}), "bnn-train", 4, "--data DIR says");
}

TEST_CASE("what --init cannot use is refused by its name") {
  const TinyRun tiny;
  fs::create_directory(tiny.file("empty"));
  check_failure(tiny.train_raw({"--init", "empty"}), "bnn-train", 4,
                "empty: expected a folder for each class");
  check_failure(tiny.train_raw({"--init", "missing"}), "bnn-train", 4, "missing: cannot read");
  write_text(tiny.file("text"), "hello");
  check_failure(tiny.train_raw({"--init", "text"}), "bnn-train", 4,
                "text: expected a folder of images");
  fs::create_directories(tiny.file("one/cat"));
  write_bytes(tiny.file("one/cat/1.png"), pattern_png(0, 0));
  check_failure(tiny.train_raw({"--init", "one"}), "bnn-train", 4, "at least two class folders");
  fs::create_directories(tiny.file("one/dog"));
  write_bytes(tiny.file("one/dog/1.png"), pattern_png(1, 0));
  check_failure(tiny.train_raw({"--init", "one"}), "bnn-train", 4, "expected at least 3");
  write_class_folders(tiny.file("differ/train"), 20, kTinyTrainPattern);
  write_class_folders(tiny.file("differ/test"), 20, kTinyTestPattern);
  fs::create_directories(tiny.file("differ/test/bird"));
  write_bytes(tiny.file("differ/test/bird/1.png"), pattern_png(1, 0));
  const ProgramRun differ = tiny.train_raw({"--init", "differ"});
  CHECK(differ.exit_code == 4);
  CHECK(differ.err.find("differ/test/bird") != std::string::npos);
}

TEST_CASE("a preset takes shape and classes from the data, and --print-config expands it") {
  Json config = tiny_config();
  config["model"] = {{"preset", "small"}, {"width", 0.25}};
  const TinyRun tiny(config);
  const Json printed = parsed(tiny.train({"--print-config"}).out);
  CHECK(printed.at("model").at("input").dump() == R"({"height":8,"width":8,"channels":1})");
  CHECK_FALSE(printed.at("model").contains("preset"));
  CHECK(printed.at("model").at("layers").back().at("units") == 10);
  REQUIRE(tiny.train({"--out", "run"}).exit_code == 0);
  tiny.write_config(printed, "printed.json");
  REQUIRE(tiny.train_raw({"--config", "printed.json", "--out", "same"}).exit_code == 0);
  CHECK(read_bytes(tiny.last("run")) == read_bytes(tiny.last("same")));
  REQUIRE(tiny.train({"--out", "halves", "--max-steps", "3"}).exit_code == 0);
  REQUIRE(tiny.train({"--out", "halves", "--resume"}).exit_code == 0);
  CHECK(read_bytes(tiny.last("run")) == read_bytes(tiny.last("halves")));

  Json records = tiny_cifar_config();
  records["model"] = {{"preset", "small"}};
  const TinyRun unknown(records);
  check_failure(unknown.train({"--out", "run"}), "bnn-train", 3,
                "expected model.input and data.class_names");
}

}  // namespace bnn::testing
