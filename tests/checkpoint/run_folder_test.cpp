#include "bnn/checkpoint/run_folder.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "bnn/core/error.h"
#include "support/data_files.h"
#include "support/temporary_directory.h"

namespace bnn::testing {
namespace {

namespace fs = std::filesystem;

std::string contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void check_refused(const std::string& path, FolderUse use, ErrorKind kind) {
  try {
    const RunFolder folder(path, use);
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(error.kind() == kind);
    CHECK(std::string(error.what()).find(path) != std::string::npos);
  }
}

// A folder that a run with a checkpoint left behind.
void make_finished(const std::string& path) {
  fs::create_directories(path + "/checkpoints");
  for (const char* name : {"/checkpoints/last.safetensors", "/checkpoints/best.safetensors",
                           "/metrics.jsonl", "/train.log", "/config.json", "/notes.txt"}) {
    write_text(path + name, "old");
  }
}

Json step_line(int step) { return {{"event", "train"}, {"step", step}}; }

// What is left of the text when a run is resumed after this step.
std::string kept(const std::string& text, std::uint64_t step) {
  const TemporaryDirectory directory;
  write_text(directory.file("metrics.jsonl"), text);
  RunFolder folder(directory.path(), FolderUse::fresh);
  folder.open_metrics(step);
  return contents(directory.file("metrics.jsonl"));
}

}  // namespace

TEST_CASE("a fresh run folder is made with its parents") {
  const TemporaryDirectory directory;
  const std::string path = directory.file("a/b/run");
  const RunFolder folder(path, FolderUse::fresh);
  CHECK(fs::is_directory(path + "/checkpoints"));
  CHECK(folder.path() == path);
  CHECK(folder.config_file() == path + "/config.json");
  CHECK(folder.last_checkpoint() == path + "/checkpoints/last.safetensors");
  CHECK(folder.best_checkpoint() == path + "/checkpoints/best.safetensors");
}

TEST_CASE("a run folder has one owner at a time") {
  const TemporaryDirectory directory;
  const std::string path = directory.file("run");
  auto owner = std::make_unique<RunFolder>(path, FolderUse::fresh);
  write_text(owner->last_checkpoint(), "whole");
  check_refused(path, FolderUse::fresh, ErrorKind::locked);
  check_refused(path, FolderUse::resume, ErrorKind::locked);
  check_refused(path, FolderUse::overwrite, ErrorKind::locked);
  // One who is refused takes nothing away.
  CHECK(contents(path + "/checkpoints/last.safetensors") == "whole");
  owner.reset();
  CHECK_NOTHROW(RunFolder(path, FolderUse::resume));
}

TEST_CASE("what a run folder holds must fit its use") {
  const TemporaryDirectory directory;
  const std::string path = directory.file("run");
  check_refused(path, FolderUse::resume, ErrorKind::checkpoint);
  CHECK_FALSE(fs::exists(path));
  make_finished(path);
  check_refused(path, FolderUse::fresh, ErrorKind::usage);
  { const RunFolder resumed(path, FolderUse::resume); }
  CHECK(contents(path + "/checkpoints/last.safetensors") == "old");
  CHECK(contents(path + "/metrics.jsonl") == "old");
  { const RunFolder overwritten(path, FolderUse::overwrite); }
  // The run's own files go, others stay.
  for (const char* name : {"/checkpoints/last.safetensors", "/checkpoints/best.safetensors",
                           "/metrics.jsonl", "/train.log", "/config.json"}) {
    CAPTURE(name);
    CHECK_FALSE(fs::exists(path + name));
  }
  CHECK(contents(path + "/notes.txt") == "old");
}

TEST_CASE("a fresh run takes no place of what is not its own") {
  const TemporaryDirectory directory;
  const std::string path = directory.file("run");
  fs::create_directories(path + "/checkpoints");
  write_text(path + "/config.json", R"({"data": {}, "model": {}, "training": {}})");
  check_refused(path, FolderUse::fresh, ErrorKind::usage);
  // What a run left that was killed before its first checkpoint.
  write_text(path + "/config.json", R"({"data": {"directory": "/x"}, "training": {"shards": 8}})");
  CHECK_NOTHROW(RunFolder(path, FolderUse::fresh));
  write_text(path + "/checkpoints/best.safetensors", "best");
  check_refused(path, FolderUse::fresh, ErrorKind::usage);
  CHECK(contents(path + "/checkpoints/best.safetensors") == "best");
}

TEST_CASE("something else in the folder's place is an output error") {
  const TemporaryDirectory directory;
  write_text(directory.file("file"), "x");
  check_refused(directory.file("file"), FolderUse::fresh, ErrorKind::io);
  check_refused(directory.file("file/run"), FolderUse::fresh, ErrorKind::io);
  CHECK(contents(directory.file("file")) == "x");
}

TEST_CASE("a checkpoint's temporary files that a killed run left are removed, others stay") {
  const TemporaryDirectory directory;
  const std::string checkpoints = directory.file("checkpoints");
  fs::create_directories(checkpoints);
  for (const char* name : {"/.last.safetensors.tmp.12", "/.best.safetensors.tmp.12",
                           "/.last.safetensors.calibration.json.tmp.12", "/.other.tmp.12",
                           "/last.safetensors.tmp", "/mine.safetensors"}) {
    write_text(checkpoints + name, "x");
  }
  const RunFolder folder(directory.path(), FolderUse::fresh);
  std::vector<std::string> left;
  for (const auto& entry : fs::directory_iterator(checkpoints)) {
    left.push_back(entry.path().filename().string());
  }
  std::sort(left.begin(), left.end());
  CHECK(left ==
        std::vector<std::string>{".other.tmp.12", "last.safetensors.tmp", "mine.safetensors"});
}

TEST_CASE("metrics are appended, one line each, and kept by the next owner") {
  const TemporaryDirectory directory;
  for (const int first : {1, 3}) {
    RunFolder folder(directory.path(), FolderUse::fresh);
    folder.open_metrics(static_cast<std::uint64_t>(first - 1));
    folder.append_metrics(step_line(first));
    folder.append_metrics(step_line(first + 1));
    folder.sync_metrics();
  }
  std::string expected;
  for (int step = 1; step <= 4; ++step) expected += step_line(step).dump() + "\n";
  CHECK(contents(directory.file("metrics.jsonl")) == expected);
}

TEST_CASE("lines beyond the step, torn lines and what follows them are dropped") {
  const std::string one = R"({"step":1,"nll":0.5})"
                          "\n";
  const std::string two = R"({"step":2})"
                          "\n";
  const std::string torn = R"({"step":2,"nl)";
  CHECK(kept("", 5).empty());
  CHECK(kept(one + two, 2) == one + two);
  CHECK(kept(one + two, 1) == one);
  CHECK(kept(one + two, 0).empty());
  CHECK(kept(one + torn, 9) == one);
  CHECK(kept(one + two.substr(0, two.size() - 1), 9) == one);
  CHECK(kept(one + torn + "\n" + two, 9) == one);
  for (const char* junk : {"\n", "null\n", "[]\n", "{}\n", "{\"step\":-1}\n", "{\"step\":1.5}\n",
                           "{\"step\":\"1\"}\n", "\xff\xfe\n", "}{\n"}) {
    CAPTURE(junk);
    CHECK(kept(one + junk + two, 9) == one);
  }
  CHECK(kept(one + std::string(3, '\0') + "\n", 9) == one);
}

TEST_CASE("a metrics file that is none is refused without waiting") {
  const TemporaryDirectory directory;
  REQUIRE(::mkfifo(directory.file("metrics.jsonl").c_str(), 0600) == 0);
  RunFolder folder(directory.path(), FolderUse::fresh);
  CHECK_THROWS_AS(folder.open_metrics(0), Error);
}

TEST_CASE("a checkpoint lies in a run folder if the folder above has a config") {
  const TemporaryDirectory directory;
  const std::string checkpoint = directory.file("run/checkpoints/last.safetensors");
  fs::create_directories(directory.file("run/checkpoints"));
  CHECK(run_folder_of(checkpoint).empty());
  write_text(directory.file("run/config.json"), "{}");
  CHECK(run_folder_of(checkpoint) == directory.file("run"));
  CHECK(run_folder_of(directory.file("run/last.safetensors")).empty());
  CHECK(run_folder_of("last.safetensors").empty());
}

TEST_CASE("require_resumable asks for the last checkpoint") {
  const TemporaryDirectory directory;
  CHECK_THROWS_AS(require_resumable(directory.path()), Error);
  fs::create_directories(directory.file("checkpoints"));
  write_text(directory.file("checkpoints/last.safetensors"), "x");
  CHECK_NOTHROW(require_resumable(directory.path()));
}

}  // namespace bnn::testing
