// Data files that the programs must refuse: exit code 4, one line that names the file, nothing
// created, no wait and no crash.

#include <filesystem>
#include <functional>
#include <string>
#include <sys/stat.h>
#include <vector>

#include <catch2/catch.hpp>

#include "support/data_files.h"
#include "support/tiny_run.h"

namespace bnn::testing {
namespace {

constexpr double kMaxSeconds = 20.0;  // nothing hangs; machines may be slow or busy
constexpr int kExamples = kTinyTrainExamples + kTinyValidationExamples;

// How one file is spoilt, and what the message must say.
struct Case {
  std::string what;
  std::function<void(const std::string& path)> spoil;
  std::string part;
};

// Puts `bytes` in place of the file.
std::function<void(const std::string&)> with(const Bytes& bytes, bool gzip = false) {
  return [bytes, gzip](const std::string& path) { write_bytes(path, bytes, gzip); };
}

std::function<void(const std::string&)> with_text(const std::string& text) {
  return with(Bytes(text.begin(), text.end()));
}

std::function<void(const std::string&)> with_size(std::uintmax_t size) {
  return [size](const std::string& path) { std::filesystem::resize_file(path, size); };
}

Bytes changed(Bytes bytes, std::size_t at, int value) {
  bytes.at(at) = static_cast<std::uint8_t>(value);
  return bytes;
}

// What no program may open, whatever the format.
std::vector<Case> wrong_kinds() {
  namespace fs = std::filesystem;
  return {
      {"missing", [](const std::string& path) { fs::remove(path); }, "No such file"},
      {"a folder",
       [](const std::string& path) {
         fs::remove(path);
         fs::create_directory(path);
       },
       "directory"},
      {"a FIFO",
       [](const std::string& path) {
         fs::remove(path);
         REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
       },
       "FIFO"},
      {"a device",
       [](const std::string& path) {
         fs::remove(path);
         fs::create_symlink("/dev/zero", path);
       },
       "device"},
      {"a loop of links",
       [](const std::string& path) {
         fs::remove(path);
         fs::create_symlink("spoilt-loop", path);
         fs::create_symlink(fs::path(path).filename(),
                            fs::path(path).parent_path() / "spoilt-loop");
       },
       ""},
      {"empty", with_size(0), ""},
  };
}

// A CIFAR-style record has a label byte and 64 pixels.
std::vector<Case> bad_records() {
  const std::string good = cifar_records(kExamples, 0);
  std::string out_of_range = good;
  out_of_range[0] = '\x0a';
  std::string last = good;
  last[last.size() - 65] = '\xff';
  return {
      {"one byte", with_text("x"), "65 bytes"},
      {"a byte missing", with_text(good.substr(1)), "65 bytes"},
      {"a byte too many", with_text(good + "x"), "65 bytes"},
      {"label 10 of 10 classes", with_text(out_of_range), "record 0: label 10"},
      {"label 255 in the last record", with_text(last), "record 59: label 255"},
      {"an idx file", with(idx_image_bytes(kExamples, 8, 8)), "\"idx\""},
      {"a gzip file", with(Bytes(good.begin(), good.end()), true), "gzip"},
      {"a CIFAR-10 file", with(cifar10_bytes(2)), "\"cifar10\""},
      {"5 GiB of nothing but a byte", with_size((std::uintmax_t{5} << 30) + 1), "65 bytes"},
  };
}

std::vector<Case> bad_images() {
  const Bytes good = idx_image_bytes(kExamples, 8, 8);
  Bytes surplus = good;
  surplus.push_back(0);
  return {
      {"text", with_text("no images here"), "idx"},
      {"half a header", with(Bytes(good.begin(), good.begin() + 10)), "header"},
      {"a byte missing", with(Bytes(good.begin(), good.end() - 1)), "bytes"},
      {"a byte too many", with(surplus), "bytes"},
      {"of another shape", with(idx_image_bytes(kExamples, 8, 9)), "8 x 9 x 1"},
      {"with three channels", with(idx_image_bytes(kExamples, 8, 8, 3)), "8 x 8 x 3"},
      {"labels", with(idx_label_bytes(kExamples)), "expected images"},
      {"floating-point numbers", with(changed(good, 2, 0x0d)), "floating-point"},
      {"2^32 - 1 images announced", with(changed(changed(good, 4, 255), 5, 255)), "announces"},
      {"no images", with(idx_header({0, 8, 8})), "no examples"},
  };
}

std::vector<Case> bad_labels() {
  return {
      {"one label too few", with(idx_label_bytes(kExamples - 1)), "59 labels for the 60 images"},
      {"one label too many", with(idx_label_bytes(kExamples + 1)), "61 labels for the 60 images"},
      {"label 10", with(changed(idx_label_bytes(kExamples), 8 + 17, 10)), "example 17: label 10"},
      {"images", with(idx_image_bytes(kExamples, 8, 8)), "expected labels"},
  };
}

void check_training_refuses(const Json& config, const std::string& file,
                            const std::vector<Case>& cases) {
  for (const Case& c : cases) {
    CAPTURE(file, c.what);
    const TinyRun tiny(config);
    c.spoil(tiny.file(file));
    const std::vector<std::string> before = tiny.tree();
    const ProgramRun run = tiny.train({"--out", "run"});
    check_failure(run, "bnn-train", 4, c.part);
    CHECK(run.err.find(file) != std::string::npos);
    CHECK(run.seconds < kMaxSeconds);
    CHECK(tiny.tree() == before);
  }
}

}  // namespace

TEST_CASE("bnn-train refuses data files of the wrong kind in every format") {
  check_training_refuses(tiny_cifar_config(), "train.bin", wrong_kinds());
  check_training_refuses(tiny_config(), "train-images", wrong_kinds());
  check_training_refuses(tiny_config(), "train-labels", wrong_kinds());
}

TEST_CASE("bnn-train refuses damaged CIFAR-style files") {
  check_training_refuses(tiny_cifar_config(), "train.bin", bad_records());
}

TEST_CASE("bnn-train refuses damaged IDX files") {
  check_training_refuses(tiny_config(), "train-images", bad_images());
  check_training_refuses(tiny_config(), "train-labels", bad_labels());
}

TEST_CASE("gzip files are read, and refused if they end early or say too much") {
  Json config = tiny_config();
  config["data"]["train"]["images"] = "train-images.gz";
  const TinyRun tiny(config);
  const std::string path = tiny.file("train-images.gz");
  write_idx_images(path, kExamples, 8, 8, 1, kTinyTrainPattern, true);
  REQUIRE(tiny.train({"--out", "zipped"}).exit_code == 0);
  const Json reference = json_lines(tiny.read("zipped/metrics.jsonl"))[0];
  const TinyRun plain;
  REQUIRE(plain.train({"--out", "run"}).exit_code == 0);
  CHECK(json_lines(plain.read("run/metrics.jsonl"))[0].at("nll") == reference.at("nll"));
  const std::string good = read_bytes(path);
  std::string flipped = good;
  flipped[good.size() / 2] = static_cast<char>(flipped[good.size() / 2] ^ 0x10);
  Bytes surplus = idx_image_bytes(kExamples, 8, 8);
  surplus.resize(std::size_t{20} << 20);
  for (const std::size_t size : {good.size() - 1, good.size() / 2, std::size_t{12}}) {
    write_text(path, good.substr(0, size));
    check_failure(tiny.train({"--out", "run"}), "bnn-train", 4, "train-images.gz");
  }
  write_text(path, flipped);
  check_failure(tiny.train({"--out", "run"}), "bnn-train", 4, "train-images.gz");
  write_bytes(path, surplus, true);
  check_failure(tiny.train({"--out", "run"}), "bnn-train", 4, "train-images.gz");
}

TEST_CASE("a CIFAR-10 file is not taken for CIFAR-100, nor the other way round") {
  Json config = tiny_config();
  config["model"]["input"] = {{"height", 32}, {"width", 32}, {"channels", 3}};
  config["data"] = {{"format", "cifar100"}, {"train", {"batch.bin"}}};
  config["model"]["layers"][3]["units"] = 100;
  const TinyRun tiny(config);
  write_cifar10(tiny.file("batch.bin"), 20);
  check_failure(tiny.train({"--out", "run"}), "bnn-train", 4, "format \"cifar10\"");
  config["data"]["format"] = "cifar10";
  config["model"]["layers"][3]["units"] = 10;
  tiny.write_config(config);
  CHECK(tiny.train({"--dry-run"}).exit_code == 0);
  write_bytes(tiny.file("batch.bin"), Bytes(3074 * 7));
  check_failure(tiny.train({"--out", "run"}), "bnn-train", 4, "format \"cifar100\"");
}

TEST_CASE("a file of class names must fit the network") {
  Json config = tiny_config();
  config["data"]["class_names"] = "names.txt";
  const TinyRun tiny(config);
  for (const std::string& text :
       {std::string(), std::string("a\nb\n"), std::string("a\n\nc\nd\ne\nf\ng\nh\ni\nj\n"),
        std::string("a\n\xff\nc\nd\ne\nf\ng\nh\ni\nj\n"), std::string(std::size_t{2} << 20, 'x')}) {
    CAPTURE(text.substr(0, 30));
    write_text(tiny.file("names.txt"), text);
    check_failure(tiny.train({"--out", "run"}), "bnn-train", 4, "names.txt");
  }
  std::filesystem::remove(tiny.file("names.txt"));
  check_failure(tiny.train({"--out", "run"}), "bnn-train", 4, "names.txt");
  CHECK_FALSE(std::filesystem::exists(tiny.file("run")));
}

TEST_CASE("bnn-eval and bnn-predict refuse the same files") {
  const TrainedRun tiny(tiny_cifar_config());
  std::vector<Case> cases = bad_records();
  for (const Case& c : wrong_kinds()) cases.push_back(c);
  for (const Case& c : cases) {
    CAPTURE(c.what);
    write_text(tiny.file("spoilt.bin"), cifar_records(kExamples, 0));
    c.spoil(tiny.file("spoilt.bin"));
    const ProgramRun eval = tiny.eval({"--files", "test.bin", "spoilt.bin"});
    check_failure(eval, "bnn-eval", 4, c.part);
    const ProgramRun predict = tiny.predict({"test.bin", "spoilt.bin"});
    check_failure(predict, "bnn-predict", 4, c.part);
    CHECK(predict.out.empty());
    for (const ProgramRun& run : {eval, predict}) {
      CHECK(run.err.find("spoilt.bin") != std::string::npos);
      CHECK(run.seconds < kMaxSeconds);
    }
    std::filesystem::remove(tiny.file("spoilt-loop"));
    std::filesystem::remove_all(tiny.file("spoilt.bin"));
  }
}

}  // namespace bnn::testing
