// Determinism, stopping and resuming: however a run is threaded, stopped, killed or continued, the
// last checkpoint has the same bytes and metrics.jsonl the same lines.

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <random>
#include <thread>

#include <catch2/catch.hpp>

#include "bnn/files/checkpoint_file.h"
#include "support/data_files.h"
#include "support/json_document.h"
#include "support/tiny_run.h"

namespace bnn::testing {
namespace {

// Everything that draws random numbers, depends on the step or keeps a state takes part. The strong
// prior makes the second epoch worse than the first, so that which one was best has to be
// remembered.
Json busy_config() {
  Json config = tiny_config();
  Json& layers = config["model"]["layers"];
  layers = {
      layers.at(0), {{"type", "batch_normalization"}}, layers.at(1), layers.at(2), layers.at(3)};
  config["data"]["augment"] = {{"crop_padding", 1},     {"flip_horizontal", true},
                               {"flip_vertical", true}, {"rotation", 20},
                               {"contrast", 0.3},       {"cutout", 2},
                               {"mixup", 0.5}};
  config["training"]["label_smoothing"] = 0.1;
  config["training"]["samples"] = 2;
  config["training"]["seed"] = 1;
  config["training"]["optimizer"]["learning_rate"] = 0.2;
  config["training"]["learning_rate_schedule"] = {
      {"type", "exponential"}, {"decay", 0.9}, {"warmup_epochs", 0.5}};
  config["training"]["kl"] = {{"weight", 50}, {"annealing_epochs", 1.5}};
  config["training"]["gradient_clip_norm"] = 1.0;
  config["training"]["checkpoint_steps"] = 1;
  return config;
}

// What must not depend on how a run came about.
struct Result {
  std::string last;
  std::string best;
  std::vector<std::string> metrics;

  bool operator==(const Result&) const = default;
};

Result result_of(const TinyRun& tiny, const std::string& out) {
  return {read_bytes(tiny.last(out)), tiny.read(out + "/checkpoints/best.safetensors"),
          timeless_metrics(tiny.read(out + "/metrics.jsonl"))};
}

ProgramRun train(const TinyRun& tiny, const std::string& out, int threads, Words arguments,
                 const ProgramOptions& options = {}) {
  Words words = {"--config",  tiny.file("tiny.json"), "--out", tiny.file(out),
                 "--threads", std::to_string(threads)};
  words.insert(words.end(), arguments.begin(), arguments.end());
  return run_program("bnn-train", words, options);
}

Result trained(const TinyRun& tiny, const std::string& out, int threads, const Words& arguments,
               const ProgramOptions& options = {}) {
  const ProgramRun run = train(tiny, out, threads, arguments, options);
  INFO(run.err);
  REQUIRE(run.exit_code == 0);
  return result_of(tiny, out);
}

std::uint64_t stored_step(const std::string& checkpoint) {
  return bnn::testing::parsed(read_checkpoint_file(checkpoint).state)
      .at("step")
      .get<std::uint64_t>();
}

// Waits until a checkpoint of a later step than `step` is there.
void wait_for_step(const std::string& checkpoint, std::uint64_t step) {
  for (int i = 0; i < 30000; ++i) {
    if (std::filesystem::exists(checkpoint) && stored_step(checkpoint) > step) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  FAIL("no checkpoint after step " << step);
}

}  // namespace

TEST_CASE("a run gives the same bytes on any number of threads") {
  const TinyRun tiny(busy_config());
  const Result reference = trained(tiny, "one", 1, {});
  for (const int threads : {2, 3, 4, 7}) {
    CAPTURE(threads);
    CHECK(trained(tiny, "run" + std::to_string(threads), threads, {}) == reference);
  }
}

TEST_CASE("a run stopped at any step and resumed on other threads gives the same bytes") {
  const TinyRun tiny(busy_config());
  const Result reference = trained(tiny, "whole", 2, {});
  REQUIRE(stored_step(tiny.file("whole/checkpoints/best.safetensors")) == kTinyStepsPerEpoch);
  for (const int step : {0, 1, 4, 5, 6, 9, 10}) {
    for (const auto& [before, after] : {std::pair(1, 3), std::pair(3, 1)}) {
      CAPTURE(step, before, after);
      const std::string out = "run" + std::to_string(step) + "-" + std::to_string(before);
      REQUIRE(train(tiny, out, before, {"--max-steps", std::to_string(step)}).exit_code == 0);
      CHECK(stored_step(tiny.last(out)) == static_cast<std::uint64_t>(step));
      CHECK(trained(tiny, out, after, {"--resume"}) == reference);
    }
  }
}

TEST_CASE("a run stopped after every single step gives the same bytes") {
  const TinyRun tiny(busy_config());
  const Result reference = trained(tiny, "whole", 1, {});
  REQUIRE(train(tiny, "run", 1, {"--max-steps", "0"}).exit_code == 0);
  for (int step = 1; step <= 10; ++step) {
    const Words arguments = {"--resume", "--max-steps", std::to_string(step)};
    REQUIRE(train(tiny, "run", 1 + step % 3, arguments).exit_code == 0);
  }
  CHECK(result_of(tiny, "run") == reference);
  // A finished run stays as it is.
  CHECK(trained(tiny, "run", 2, {"--resume"}) == reference);
}

TEST_CASE("the option --resume --out DIR alone takes the run folder's own config") {
  const TinyRun tiny(busy_config());
  const Result reference = trained(tiny, "whole", 1, {});
  REQUIRE(train(tiny, "run", 2, {"--max-steps", "3"}).exit_code == 0);
  REQUIRE(run_program("bnn-train", {"--resume", "--out", tiny.file("run")}).exit_code == 0);
  CHECK(result_of(tiny, "run") == reference);
}

TEST_CASE("a run killed again and again at random gives the same bytes") {
  Json config = busy_config();
  config["training"]["epochs"] = 12;
  const TinyRun tiny(config);
  const auto begin = std::chrono::steady_clock::now();
  const Result reference = trained(tiny, "whole", 2, {});
  const double whole =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  std::mt19937 random(std::random_device{}());
  int kills = 0;
  for (int round = 0; kills < 25; ++round) {
    REQUIRE(round < 40);
    const std::string out = "run" + std::to_string(round);
    for (bool finished = false; !finished;) {
      const bool resume = std::filesystem::exists(tiny.last(out));
      const std::string threads = std::to_string(1 + random() % 4);
      Words words = {"--config", tiny.file("tiny.json"), "--out", tiny.file(out), "--threads",
                     threads};
      if (resume) words.push_back("--resume");
      StartedProgram program("bnn-train", words);
      const double delay = std::uniform_real_distribution<>(0.0, 0.5 * whole)(random);
      std::this_thread::sleep_for(std::chrono::duration<double>(delay));
      program.send(SIGKILL);
      const ProgramRun run = program.wait();
      INFO(run.err);
      finished = run.exit_code == 0;
      REQUIRE((finished || run.exit_code == -SIGKILL));
      if (!finished) ++kills;
      // Whatever was being written, the checkpoint is absent or whole.
      if (std::filesystem::exists(tiny.last(out))) CHECK_NOTHROW(stored_step(tiny.last(out)));
    }
    CHECK(result_of(tiny, out) == reference);
  }
}

TEST_CASE("a signal stops a run with a checkpoint and its own exit code") {
  const TinyRun tiny(busy_config());
  struct Case {
    int signal;
    int exit_code;
  };
  for (const Case& c : {Case{SIGINT, 130}, Case{SIGTERM, 143}, Case{SIGHUP, 129}}) {
    CAPTURE(c.signal);
    const std::string out = "run" + std::to_string(c.signal);
    StartedProgram program("bnn-train",
                           {"--config", tiny.file("tiny.json"), "--out", tiny.file(out), "--epochs",
                            "100000", "--set", "training.checkpoint_steps=3"});
    wait_for_step(tiny.last(out), 6);
    const std::uint64_t before = stored_step(tiny.last(out));
    program.send(c.signal);
    const ProgramRun run = program.wait();
    CHECK(run.exit_code == c.exit_code);
    CHECK(run.out.empty());
    const std::uint64_t step = stored_step(tiny.last(out));
    CHECK(step >= before);
    const std::string epochs = std::to_string(step / kTinyStepsPerEpoch + 2);
    const Words rest = {"--epochs", epochs, "--set", "training.checkpoint_steps=3"};
    Words resume = rest;
    resume.push_back("--resume");
    Result resumed = trained(tiny, out, 2, resume);
    const Result reference = trained(tiny, "whole" + out, 1, rest);
    // The best epoch came before the signal: that file's config has the epochs of that time.
    resumed.best = reference.best;
    CHECK(resumed == reference);
  }
}

TEST_CASE("checkpoint_steps saves between the ends of epochs as well") {
  Json config = busy_config();
  config["training"]["batch_size"] = 1;
  config["training"]["checkpoint_steps"] = 5;
  const TinyRun tiny(config);
  StartedProgram program("bnn-train", {"--config", tiny.file("tiny.json"), "--out",
                                       tiny.file("run"), "--epochs", "100000"});
  for (int seen = 0, tries = 0; seen < 3; ++tries) {
    REQUIRE(tries < 30000);
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    if (!std::filesystem::exists(tiny.last("run"))) continue;
    const std::uint64_t step = stored_step(tiny.last("run"));
    const bool ends_epoch = step % kTinyTrainExamples == 0;
    CHECK((ends_epoch || step % 5 == 0));
    if (!ends_epoch) ++seen;
  }
}

TEST_CASE("a second signal ends a run at once, with a whole checkpoint") {
  const TinyRun tiny(busy_config());
  for (int i = 0; i < 5; ++i) {
    const std::string out = "run" + std::to_string(i);
    StartedProgram program("bnn-train", {"--config", tiny.file("tiny.json"), "--out",
                                         tiny.file(out), "--epochs", "100000"});
    wait_for_step(tiny.last(out), 2);
    program.send(SIGINT);
    program.send(SIGTERM);
    const int code = program.wait().exit_code;
    CHECK((code == 130 || code == 143));
    CHECK(stored_step(tiny.last(out)) > 2);
  }
}

TEST_CASE("under nohup a hang-up changes nothing, nor does a pause") {
  const TinyRun tiny(busy_config());
  const Words arguments = {"--epochs", "12"};
  const Result reference = trained(tiny, "whole", 1, arguments);
  ProgramOptions options;
  options.ignore_hangup = true;
  StartedProgram program(
      "bnn-train",
      {"--config", tiny.file("tiny.json"), "--out", tiny.file("run"), "--epochs", "12"}, options);
  wait_for_step(tiny.last("run"), 0);
  program.send(SIGHUP);
  program.send(SIGSTOP);
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  program.send(SIGCONT);
  CHECK(program.wait().exit_code == 0);
  CHECK(result_of(tiny, "run") == reference);
}

TEST_CASE("torn lines, lines of lost steps and stale temporary files do no harm") {
  const TinyRun tiny(busy_config());
  const Result reference = trained(tiny, "whole", 1, {});
  REQUIRE(train(tiny, "run", 1, {"--max-steps", "7"}).exit_code == 0);
  std::ofstream metrics(tiny.file("run/metrics.jsonl"), std::ios::app);
  metrics << R"({"event":"train","epoch":2,"step":10,"nll":1.0})"
          << "\n"
          << R"({"event":"validation","epoch":2,"st)";
  metrics.close();
  for (const char* name : {"run/checkpoints/.last.safetensors.tmp.4242",
                           "run/checkpoints/last.safetensors.tmp", "run/.metrics.jsonl.tmp.1"}) {
    write_text(tiny.file(name), "half a fi");
  }
  write_text(tiny.file("run/checkpoints/.last.safetensors.tmp.4243"), "");
  CHECK(trained(tiny, "run", 2, {"--resume"}) == reference);
}

TEST_CASE("closed standard descriptors leave the checkpoint good") {
  const TinyRun tiny(busy_config());
  const Result reference = trained(tiny, "whole", 1, {});
  for (int closed = 1; closed < 8; ++closed) {
    CAPTURE(closed);
    ProgramOptions options;
    options.close_input = (closed & 1) != 0;
    if ((closed & 2) != 0) options.output = StreamEnd::closed;
    if ((closed & 4) != 0) options.errors = StreamEnd::closed;
    CHECK(trained(tiny, "run" + std::to_string(closed), 2, {}, options) == reference);
  }
  ProgramOptions full;
  full.errors = StreamEnd::full_device;
  CHECK(trained(tiny, "full", 2, {}, full) == reference);
  full.errors = StreamEnd::broken_pipe;
  CHECK(trained(tiny, "broken", 2, {}, full) == reference);
}

}  // namespace bnn::testing
