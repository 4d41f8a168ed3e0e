// What a run does when something of it cannot be written: it goes on, warns once, tries again, says
// in the end what is missing, and --resume writes it.

#include "bnn/training/run_outputs.h"

#include <chrono>
#include <filesystem>

#include <catch2/catch.hpp>

#include "support/data_files.h"
#include "support/json_document.h"
#include "support/places.h"
#include "support/tiny_run.h"

namespace bnn::testing {
namespace {

namespace fs = std::filesystem;

const std::string kBest = "/checkpoints/best.safetensors";

// The strong prior makes the second epoch worse than the first.
Json worsening_config() {
  Json config = tiny_config();
  config["training"]["optimizer"]["learning_rate"] = 0.2;
  config["training"]["kl"] = {{"weight", 50}};
  return config;
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = 0; (at = text.find(part, at)) != std::string::npos; ++at) ++found;
  return found;
}

std::uint64_t epoch_of(const std::string& checkpoint) {
  return load_checkpoint(checkpoint).state.epoch;
}

// A run whose file bytes are compared with those of the run "whole", which nothing disturbed.
void check_as_undisturbed(const TinyRun& tiny) {
  CHECK(read_bytes(tiny.last("run")) == read_bytes(tiny.last("whole")));
  CHECK(tiny.read("run" + kBest) == tiny.read("whole" + kBest));
  CHECK(timeless_metrics(tiny.read("run/metrics.jsonl")) ==
        timeless_metrics(tiny.read("whole/metrics.jsonl")));
}

Run fresh_run(const TinyRun& tiny) {
  RunConfig config = read_run_config(tiny_config(), "tiny.json", ErrorKind::config);
  Graph graph = make_graph(config, "tiny.json", ErrorKind::config);
  ThreadPool pool(1);
  TrainingData data = load_training_data(config, tiny.path(), graph.outputs(), {.pool = &pool});
  ExecutionPlan plan = training_plan(graph, config.training, 1);
  return Run(std::move(config), std::move(graph), std::move(data), std::move(plan));
}

// bnn-train --out run, which may write no file of more than so many blocks of 512 bytes.
ProgramRun train_with_file_limit(const TinyRun& tiny, std::uintmax_t blocks) {
  return run_program(
      "/bin/sh",
      {"-c", "ulimit -f " + std::to_string(blocks) + "; exec \"$0\" --config tiny.json --out run",
       bnn::testing::binary_directory() + "/bnn-train"},
      {.directory = tiny.path()});
}

}  // namespace

TEST_CASE("a best checkpoint that cannot be written ends in exit 6, and --resume writes it") {
  for (const bool best_is_first : {true, false}) {
    CAPTURE(best_is_first);
    const TinyRun tiny(best_is_first ? worsening_config() : tiny_config());
    REQUIRE(tiny.train({"--out", "whole"}).exit_code == 0);
    REQUIRE(epoch_of(tiny.file("whole" + kBest)) == (best_is_first ? 1 : 2));
    fs::create_directories(tiny.file("run" + kBest));
    const ProgramRun run = tiny.train({"--out", "run"});
    INFO(run.err);
    CHECK(run.exit_code == 6);
    CHECK(run.err.find("missing: checkpoints/best.safetensors;") != std::string::npos);
    CHECK(count(run.err, "warning: ") == 1);
    // Nothing else suffers, and a carried best is no part of the network.
    CHECK(epoch_of(tiny.last()) == 2);
    CHECK(tiny.eval({}).exit_code == 0);
    CHECK(timeless_metrics(tiny.read("run/metrics.jsonl")) ==
          timeless_metrics(tiny.read("whole/metrics.jsonl")));
    // Still blocked: still missing, and still not lost.
    CHECK(tiny.train({"--out", "run", "--resume"}).exit_code == 6);
    fs::remove(tiny.file("run" + kBest));
    CHECK(tiny.train({"--out", "run", "--resume"}).exit_code == 0);
    check_as_undisturbed(tiny);
  }
}

TEST_CASE("lines of metrics.jsonl without space end in exit 6, and --resume writes them") {
  const TinyRun tiny(worsening_config());
  REQUIRE(tiny.train({"--out", "whole"}).exit_code == 0);
  // Lines of step 0 that leave no room below a limit that every other file stays under.
  constexpr std::size_t kLimit = std::size_t{64} * 512;
  std::string filling;
  while (filling.size() + 80 < kLimit) filling += "{\"event\":\"note\",\"step\":0}\n";
  fs::create_directories(tiny.file("run"));
  write_text(tiny.file("run/metrics.jsonl"), filling);
  const ProgramRun run = train_with_file_limit(tiny, 64);
  INFO(run.err);
  CHECK(run.exit_code == 6);
  CHECK(run.err.find("missing: metrics.jsonl;") != std::string::npos);
  CHECK(count(run.err, "warning: ") == 1);
  CHECK(tiny.read("run/metrics.jsonl") == filling);
  CHECK(epoch_of(tiny.last()) == 2);
  CHECK(tiny.read("run" + kBest) == tiny.read("whole" + kBest));
  CHECK(tiny.train({"--out", "run", "--resume"}).exit_code == 0);
  const std::string text = tiny.read("run/metrics.jsonl");
  REQUIRE(text.starts_with(filling));
  write_text(tiny.file("run/metrics.jsonl"), text.substr(filling.size()));
  check_as_undisturbed(tiny);
}

TEST_CASE("lines that were written after the checkpoint that carries them stand once") {
  const TinyRun tiny;
  const std::string lines =
      "{\"event\":\"train\",\"step\":5}\n{\"event\":\"validation\",\"step\":5}\n";
  for (const std::size_t written : {std::size_t{0}, lines.find('\n') + 1, lines.size()}) {
    CAPTURE(written);
    const std::string out = tiny.file("run" + std::to_string(written));
    RunFolder folder(out, FolderUse::fresh);
    write_text(out + "/metrics.jsonl", lines.substr(0, written));
    folder.open_metrics(5, true, lines);
    folder.sync_metrics();
    CHECK(read_bytes(out + "/metrics.jsonl") == lines);
  }
}

TEST_CASE(
    "a missing or stale best checkpoint is mended, or its epoch is forgotten with a warning") {
  for (const bool best_is_first : {true, false}) {
    for (const bool stale : {true, false}) {
      CAPTURE(best_is_first, stale);
      const TinyRun tiny(best_is_first ? worsening_config() : tiny_config());
      REQUIRE(tiny.train({"--out", "start", "--epochs", "1"}).exit_code == 0);
      REQUIRE(tiny.train({"--out", "run"}).exit_code == 0);
      const std::string best = tiny.read("run" + kBest);
      fs::remove(tiny.file("run" + kBest));
      // An earlier epoch's; where the first is the best, that is none.
      if (stale && !best_is_first) fs::copy(tiny.file("start" + kBest), tiny.file("run" + kBest));
      const ProgramRun run = tiny.train({"--out", "run", "--resume"});
      INFO(run.err);
      CHECK(run.exit_code == 0);
      CHECK(count(run.err, "are lost") == (best_is_first ? 1 : 0));
      if (!best_is_first) CHECK(tiny.read("run" + kBest) == best);
      // Told once; the next epoch is the best of those that there are.
      const ProgramRun more = tiny.train({"--out", "run", "--resume", "--epochs", "3"});
      CHECK(more.exit_code == 0);
      CHECK(more.err.find("are lost") == std::string::npos);
      CHECK(fs::exists(tiny.file("run" + kBest)));
      CHECK(load_checkpoint(tiny.last()).state.best_epoch == epoch_of(tiny.file("run" + kBest)));
    }
  }
}

TEST_CASE("a checkpoint that fails is told once and saved at the next chance") {
  const TinyRun tiny;
  Run run = fresh_run(tiny);
  RunFolder folder(tiny.file("run"), FolderUse::fresh);
  folder.open_metrics(0);
  RunLog log("bnn-train", Verbosity::quiet);
  log.add_file(tiny.file("log"));
  RunOutputs outputs(run, folder, log);
  const std::string checkpoints = tiny.file("run/checkpoints");
  fs::rename(checkpoints, tiny.file("away"));
  TrainingState state;
  state.epoch = state.best_epoch = 1;
  outputs.save_best(state);
  outputs.save_last(state);
  const float first = run.trainer.parameters().span()[0];
  run.trainer.parameters().span()[0] = first + 1;
  state.epoch = 2;
  outputs.save_last(state);
  CHECK(count(tiny.read("log"), "warning: ") == 1);  // the best one waits for the last one
  CHECK_THROWS_WITH(outputs.require_all(),
                    Catch::Contains("missing: checkpoints/last.safetensors, "
                                    "checkpoints/best.safetensors; without a last checkpoint the "
                                    "run cannot be resumed"));
  fs::rename(tiny.file("away"), checkpoints);
  outputs.save_last(state);
  CHECK_NOTHROW(outputs.require_all());
  CHECK(epoch_of(folder.last_checkpoint()) == 2);
  // The best one has the weights of its epoch, not those that came later.
  const LoadedCheckpoint best = load_checkpoint(folder.best_checkpoint());
  CHECK(best.state.epoch == 1);
  AlignedArray parameters(run.graph.layout().size());
  restore_arrays(folder.best_checkpoint(), best.contents, run.graph.layout(), {&parameters});
  CHECK(parameters.span()[0] == first);
  CHECK_FALSE(load_checkpoint(folder.last_checkpoint()).unwritten_best.has_value());
}

TEST_CASE("the last checkpoint gets what space there is before the best weights") {
  const TinyRun tiny;
  REQUIRE(tiny.train({"--out", "whole"}).exit_code == 0);
  fs::create_directories(tiny.file("run" + kBest));  // so that the last one is to carry the best
  const std::uintmax_t lean = fs::file_size(tiny.last("whole"));
  const std::uintmax_t blocks = lean / 512 + 1;  // no room for the best weights
  const ProgramRun run = train_with_file_limit(tiny, blocks);
  INFO(run.err);
  CHECK(run.exit_code == 6);
  CHECK(run.err.find("missing: checkpoints/best.safetensors; --resume") != std::string::npos);
  const LoadedCheckpoint last = load_checkpoint(tiny.last("run"));
  CHECK(last.state.epoch == 2);
  CHECK_FALSE(last.unwritten_best.has_value());
}

TEST_CASE(
    "a run without space for its first last checkpoint leaves no best one, and begins again") {
  const TinyRun tiny;
  REQUIRE(tiny.train({"--out", "whole"}).exit_code == 0);
  const auto block = [](std::uintmax_t bytes) { return bytes / 512 + 1; };
  const auto best = block(fs::file_size(tiny.file("whole" + kBest)));
  const auto config = block(fs::file_size(tiny.file("whole/config.json")));
  const std::uintmax_t blocks = std::max(best, config);
  REQUIRE(std::max(best, config) < block(fs::file_size(tiny.last("whole"))));
  const ProgramRun run = train_with_file_limit(tiny, blocks);
  INFO(run.err);
  CHECK(run.exit_code == 6);
  CHECK_FALSE(fs::exists(tiny.file("run" + kBest)));
  CHECK(tiny.train({"--out", "run", "--resume-or-start"}).exit_code == 0);
  check_as_undisturbed(tiny);
}

TEST_CASE("no line is written before the last checkpoint while that one waits for space") {
  const TinyRun tiny;
  Run run = fresh_run(tiny);
  RunFolder folder(tiny.file("run"), FolderUse::fresh);
  folder.open_metrics(0);
  RunLog log("bnn-train", Verbosity::quiet);
  RunOutputs outputs(run, folder, log);
  const TrainingState state;
  const auto line = [](int step) { return Json{{"event", "train"}, {"step", step}}; };
  const auto lines = [&] { return json_lines(tiny.read("run/metrics.jsonl")).size(); };
  outputs.add_line(line(1));
  CHECK(lines() == 1);
  fs::create_directories(folder.last_checkpoint());
  outputs.save_last(state);
  CHECK_THROWS_WITH(outputs.require_all(),
                    Catch::Contains("missing: checkpoints/last.safetensors"));
  outputs.add_line(line(2));
  CHECK(lines() == 1);
  outputs.save_last(state);  // the line takes what the checkpoint cannot use
  CHECK(lines() == 2);
  outputs.add_line(line(3));
  fs::remove(folder.last_checkpoint());
  outputs.save_last(state);
  CHECK(lines() == 3);
  CHECK_NOTHROW(outputs.require_all());
  CHECK(load_checkpoint(folder.last_checkpoint()).unwritten_metrics.empty());
}

TEST_CASE("many lines that wait are compared in linear time with many that are there") {
  const TinyRun tiny;
  std::string text;
  for (int i = 0; i < 40000; ++i) {
    text += "{\"event\":\"note\",\"step\":1,\"n\":" + std::to_string(i) + "}\n";
  }
  RunFolder folder(tiny.file("run"), FolderUse::fresh);
  write_text(tiny.file("run/metrics.jsonl"), text);
  const std::string other = "{\"event\":\"note\",\"step\":1}\n";
  const auto start = std::chrono::steady_clock::now();
  folder.open_metrics(1, true, text + other);
  // Each with each would take minutes.
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(20));
  CHECK(folder.unwritten_metrics() == other);
}

}  // namespace bnn::testing
