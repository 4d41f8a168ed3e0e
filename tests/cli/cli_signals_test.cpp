// What a signal does before there is anything to save.

#include <chrono>
#include <csignal>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>
#include <zlib.h>

#include <catch2/catch.hpp>

#include "support/data_files.h"
#include "support/tiny_run.h"

namespace bnn::testing {
namespace {

namespace fs = std::filesystem;

constexpr int kManyExamples = 3000000;

// An IDX file of 8 x 8 images that are black: small on the disk, and slow to read.
void write_many_images(const std::string& path) {
  gzFile file = gzopen(path.c_str(), "wb9");
  REQUIRE(file != nullptr);
  const Bytes head = idx_image_bytes(0, 8, 8, 1, 0);
  Bytes start(head.begin(), head.begin() + 16);
  for (int i = 0; i < 4; ++i) {
    start[4 + static_cast<std::size_t>(i)] =
        static_cast<std::uint8_t>(kManyExamples >> (24 - 8 * i));
  }
  gzwrite(file, start.data(), 16);
  const Bytes black(64 * 10000);
  for (int i = 0; i < kManyExamples; i += 10000) {
    gzwrite(file, black.data(), static_cast<unsigned>(black.size()));
  }
  REQUIRE(gzclose(file) == Z_OK);
}

// Whether a process has a file of this name open.
bool has_open(pid_t process, const std::string& name) {
  std::error_code error;
  const std::string folder = "/proc/" + std::to_string(process) + "/fd";
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    const fs::path target = fs::read_symlink(entry->path(), error);
    if (target.filename() == name) return true;
    error.clear();
  }
  return false;
}

// Sends the signal once, as soon as the program reads the file, and checks that it ends there.
void check_ends_at_once(const std::string& program, const Words& words, const TinyRun& tiny,
                        int number) {
  StartedProgram started(program, words, {.directory = tiny.path()});
  const auto start = std::chrono::steady_clock::now();
  while (!has_open(started.process(), "many.gz")) {
    REQUIRE(std::chrono::steady_clock::now() - start < std::chrono::seconds(30));
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  started.send(number);
  const auto sent = std::chrono::steady_clock::now();
  const ProgramRun run = started.wait();
  const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - sent;
  CAPTURE(run.err);
  CHECK(run.exit_code == 128 + number);
  CHECK(run.out.empty());
  CHECK(passed.count() < 10);
}

}  // namespace

TEST_CASE("the first signal ends a program that is reading, and leaves nothing") {
  const TrainedRun tiny;
  write_many_images(tiny.file("many.gz"));
  write_idx_labels(tiny.file("many-labels"), kManyExamples, 0);
  Json config = tiny_config();
  config["data"]["train"] = {{"images", "many.gz"}, {"labels", "many-labels"}};
  tiny.write_config(config, "many.json");
  const std::vector<std::string> before = tiny.tree();
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGUSR1}) {
    CAPTURE(number);
    check_ends_at_once("bnn-train", {"--config", "many.json", "--out", "other"}, tiny, number);
    CHECK(tiny.tree() == before);
  }
  check_ends_at_once("bnn-predict", {tiny.last(), "many.gz", "--output", "rows"}, tiny, SIGINT);
  check_ends_at_once("bnn-eval",
                     {tiny.last(), "--files", "test-images", "test-labels", "--ood", "many.gz"},
                     tiny, SIGINT);
  CHECK(tiny.tree() == before);
}

}  // namespace bnn::testing
