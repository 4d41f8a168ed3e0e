// Paths that are not what they should be: configs and run folders that are pipes, directories,
// devices, missing, too large or not permitted. No program waits, crashes or leaves anything.

#include <filesystem>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include <catch2/catch.hpp>

#include "support/data_files.h"
#include "support/json_document.h"
#include "support/tiny_run.h"

namespace bnn::testing {
namespace {

constexpr double kMaxSeconds = 20.0;  // nothing hangs; machines may be slow or busy

void check_refused(const TinyRun& tiny, const Words& arguments, int exit_code,
                   const std::string& part) {
  CAPTURE(arguments);
  const std::vector<std::string> before = tiny.tree();
  const ProgramRun run = tiny.train_raw(arguments);
  check_failure(run, "bnn-train", exit_code, part);
  CHECK(run.seconds < kMaxSeconds);
  CHECK(tiny.tree() == before);
}

}  // namespace

TEST_CASE("a config that is no readable regular file is refused at once") {
  const TinyRun tiny;
  REQUIRE(::mkfifo(tiny.file("fifo").c_str(), 0600) == 0);
  std::filesystem::create_directory(tiny.file("folder"));
  std::filesystem::create_symlink("loop", tiny.file("loop"));
  std::filesystem::create_symlink("nowhere", tiny.file("dangling"));
  write_text(tiny.file("sparse"), "{");
  std::filesystem::resize_file(tiny.file("sparse"), std::uintmax_t{1} << 30);
  struct Case {
    std::string path;
    std::string part;
  };
  const std::vector<Case> cases = {
      {"fifo", "fifo: expected a regular file"},
      {"folder", "folder: expected a regular file"},
      {"/dev/null", "/dev/null: expected a regular file"},
      {"/dev/zero", "/dev/zero: expected a regular file"},
      {"missing.json", "missing.json: "},
      {"tiny.json/below", "tiny.json/below: "},
      {"loop", "loop: "},
      {"dangling", "dangling: "},
      {std::string(5000, 'a'), "aaa: "},
      {"sparse", "sparse: too large; expected at most"},
      {"new\nline\x1b[31m", "new?line?[31m: "},
      {"c1 \xc2\x9b\x33\x31m and no \xff UTF-8", "c1 ?31m and no \xef\xbf\xbd UTF-8: "},
  };
  for (const Case& c : cases) check_refused(tiny, {"--config", c.path, "--out", "run"}, 3, c.part);
}

TEST_CASE("a config without permission to read it is an input error") {
  if (::geteuid() == 0) return;  // the superuser may read everything
  const TinyRun tiny;
  REQUIRE(::chmod(tiny.file("tiny.json").c_str(), 0) == 0);
  check_refused(tiny, {"--config", "tiny.json", "--out", "run"}, 6, "tiny.json: ");
}

TEST_CASE("a run folder that cannot be made is an output error") {
  const TinyRun tiny;
  for (const char* out : {"tiny.json", "tiny.json/run", "/proc/run", "/dev/null/run"}) {
    check_refused(tiny, {"--config", "tiny.json", "--out", out}, 6, out);
  }
  // What stands where the run's files belong.
  const TinyRun blocked;
  std::filesystem::create_directories(blocked.file("run"));
  write_text(blocked.file("run/checkpoints"), "a file");
  check_refused(blocked, {"--config", "tiny.json", "--out", "run"}, 6, "run");
}

TEST_CASE("names with spaces, quotes and other alphabets work throughout") {
  const TinyRun tiny;
  const std::string out = "a run/\"Versuch\" n\xc2\xba 1/\xd0\xbf\xd1\x83\xd1\x82\xd1\x8c";
  std::filesystem::create_directories(tiny.file("my data"));
  for (const char* name : {"train-images", "train-labels", "test-images", "test-labels"}) {
    std::filesystem::rename(tiny.file(name), tiny.file("my data/" + std::string(name)));
  }
  const ProgramRun run = tiny.train({"--out", out, "--data", "my data"});
  INFO(run.err);
  CHECK(run.exit_code == 0);
  const ProgramRun eval =
      run_program("bnn-eval", {tiny.last(out), "--format", "json"}, {.directory = "/"});
  INFO(eval.err);
  CHECK(eval.exit_code == 0);
  CHECK(bnn::testing::parsed(eval.out)["examples"] == kTinyTestExamples);
}

}  // namespace bnn::testing
