// bnn-train --tensorboard: what the event files of a run say, beside its metrics.jsonl and its
// checkpoint, however it was stopped, killed and continued.

#include "bnn/training/tensorboard.h"

#include <algorithm>
#include <cmath>
#include <csignal>
#include <filesystem>
#include <map>
#include <numeric>
#include <random>
#include <set>
#include <sys/resource.h>
#include <thread>

#include <catch2/catch.hpp>

#include "bnn/files/event_file.h"
#include "bnn/files/safetensors.h"
#include "support/data_files.h"
#include "support/event_file_reader.h"
#include "support/exact_posterior.h"
#include "support/places.h"
#include "support/tiny_run.h"

namespace bnn::testing {
namespace {

const Words kBoard = {"--out", "run", "--tensorboard"};

ProgramRun train(const TinyRun& tiny, const Words& more, const ProgramOptions& options = {}) {
  Words words = kBoard;
  words.insert(words.end(), more.begin(), more.end());
  return tiny.train(words, options);
}

std::vector<std::string> board_files(const TinyRun& tiny) {
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::directory_iterator(tiny.file("run/tensorboard"))) {
    paths.push_back(entry.path().string());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

// The summaries of all files, in the order in which TensorBoard takes them.
std::vector<DecodedEvent> summaries(const TinyRun& tiny, bool of_batches = false) {
  const auto is_batch = [](const DecodedEvent& event) {
    return event.values[0].tag.starts_with("batch/");
  };
  std::vector<DecodedEvent> all;
  for (const std::string& path : board_files(tiny)) {
    const auto events = decode_events(read_bytes(path));
    REQUIRE_FALSE(events.empty());
    CHECK(events[0].file_version == "brain.Event:2");
    for (const DecodedEvent& event : events) {
      CHECK(event.wall_time > 1.6e9);
      if (!event.values.empty() && is_batch(event) == of_batches) all.push_back(event);
    }
  }
  return all;
}

// Those within epochs: four in the five steps of each epoch.
void check_batches(const TinyRun& tiny) {
  std::vector<std::int64_t> steps;
  for (const DecodedEvent& event : summaries(tiny, true)) {
    steps.push_back(event.step);
    std::set<std::string> tags;
    for (const DecodedValue& value : event.values) tags.insert(value.tag);
    CHECK(tags == std::set<std::string>{"batch/nll", "batch/accuracy", "batch/kl",
                                        "batch/kl_weight", "batch/learning_rate"});
  }
  CHECK(steps == std::vector<std::int64_t>{1, 2, 3, 4, 6, 7, 8, 9});
}

// One record for each line of metrics.jsonl, in its order, with the same numbers.
void check_against_metrics(const TinyRun& tiny) {
  const std::vector<Json> lines = json_lines(tiny.read("run/metrics.jsonl"));
  const std::vector<DecodedEvent> events = summaries(tiny);
  REQUIRE(events.size() == lines.size());
  for (std::size_t i = 0; i < lines.size(); ++i) {
    CAPTURE(lines[i].dump());
    const bool validation = lines[i].at("event") == "validation";
    CHECK(events[i].step == lines[i].at("step").get<std::int64_t>());
    std::map<std::string, float> scalars;
    std::set<std::string> histograms;
    for (const DecodedValue& value : events[i].values) {
      if (value.scalar) scalars[value.tag] = *value.scalar;
      if (value.histogram) histograms.insert(value.tag);
    }
    const Words names = validation ? Words{"nll", "accuracy", "ece", "brier", "mutual_information"}
                                   : Words{"loss",
                                           "nll",
                                           "kl",
                                           "kl_weight",
                                           "accuracy",
                                           "learning_rate",
                                           "examples_per_second"};
    for (const std::string& name : names) {
      const std::string tag = validation ? "validation/" + name : name;
      CAPTURE(tag);
      REQUIRE(scalars.contains(tag));
      CHECK(scalars.at(tag) == static_cast<float>(lines[i].at(name).get<double>()));
    }
    const std::set<std::string> expected = {
        "posterior_scale/conv/kernel", "posterior_scale/logits/kernel",
        "signal_to_noise/conv/kernel", "signal_to_noise/logits/kernel"};
    CHECK(histograms == (validation ? std::set<std::string>() : expected));
  }
}

std::vector<float> tensor(const std::string& path, const std::string& name) {
  for (const Tensor& one : read_safetensors(path).tensors) {
    if (one.name == name) return {one.values.begin(), one.values.end()};
  }
  throw std::runtime_error("no tensor " + name);
}

}  // namespace

TEST_CASE(
    "the option --tensorboard writes every line of metrics, and histograms of the weights at "
    "hand") {
  const TinyRun tiny;
  REQUIRE(train(tiny, {}).exit_code == 0);
  REQUIRE(board_files(tiny).size() == 1);
  CHECK(board_files(tiny)[0].find("/events.out.tfevents.") != std::string::npos);
  check_against_metrics(tiny);
  check_batches(tiny);
  // The last epoch's histograms are of the weights in the last checkpoint.
  const std::vector<DecodedEvent> events = summaries(tiny);
  const auto mu = tensor(tiny.last(), "conv/kernel_posterior_loc");
  const auto u = tensor(tiny.last(), "conv/kernel_posterior_untransformed_scale");
  double scales = 0, ratios = 0;
  for (std::size_t i = 0; i < mu.size(); ++i) {
    const double sigma = exact_sigma(static_cast<double>(u[i]));
    scales += sigma;
    ratios += std::fabs(static_cast<double>(mu[i])) / sigma;
  }
  int found = 0;
  for (const DecodedValue& value : events[events.size() - 2].values) {
    if (!value.histogram) continue;
    const double total =
        std::accumulate(value.histogram->counts.begin(), value.histogram->counts.end(), 0.0);
    CHECK(total == value.histogram->count);
    if (value.tag == "posterior_scale/conv/kernel") {
      CHECK(value.histogram->sum == Approx(scales).epsilon(1e-5));
      CHECK(total == static_cast<double>(mu.size()));
      ++found;
    }
    if (value.tag == "signal_to_noise/conv/kernel") {
      CHECK(value.histogram->sum == Approx(ratios).epsilon(1e-5));
      ++found;
    }
  }
  CHECK(found == 2);
}

TEST_CASE("a deterministic network has scalars alone, and without the option nothing is written") {
  Json config = tiny_config();
  config["model"]["layers"][0]["type"] = "conv2d";
  config["model"]["layers"][3]["type"] = "dense";
  const TinyRun tiny(config);
  REQUIRE(train(tiny, {}).exit_code == 0);
  for (const DecodedEvent& event : summaries(tiny)) {
    for (const DecodedValue& value : event.values) CHECK(value.scalar.has_value());
  }
  REQUIRE(tiny.train({"--out", "other"}).exit_code == 0);
  CHECK_FALSE(std::filesystem::exists(tiny.file("other/tensorboard")));
  CHECK(read_bytes(tiny.last()) == read_bytes(tiny.last("other")));
}

TEST_CASE("a resumed run appends a file, and every step stands once in all of them") {
  const TinyRun tiny;
  REQUIRE(train(tiny, {"--max-steps", "7"}).exit_code == 0);
  REQUIRE(train(tiny, {"--resume", "--max-steps", "12", "--epochs", "4"}).exit_code == 0);
  // Steps beyond the checkpoint, as a killed process leaves them, and a torn record.
  const std::vector<std::string> two = board_files(tiny);
  REQUIRE(two.size() == 2);
  std::string bytes = read_bytes(two[1]);
  const std::string later = summary_record(2e9, 15, {{"loss", 1.0}});
  write_text(two[1], bytes + later + later.substr(0, 9));
  REQUIRE(train(tiny, {"--resume", "--epochs", "4"}).exit_code == 0);
  const std::vector<std::string> three = board_files(tiny);
  REQUIRE(three.size() == 3);
  CHECK(read_bytes(two[1]) == bytes);
  check_against_metrics(tiny);
  CHECK(summaries(tiny).size() == 8);
  // A file that goes on with a run tells readers from which step.
  for (const auto& [file, step] : {std::pair(1, 8), std::pair(2, 13)}) {
    const auto events = decode_events(read_bytes(three[static_cast<std::size_t>(file)]));
    CHECK(events[1].session_status == 1);
    CHECK(events[1].step == step);
  }
}

TEST_CASE("a run killed again and again has every step once") {
  Json config = tiny_config();
  config["training"]["epochs"] = 12;
  config["training"]["checkpoint_steps"] = 2;
  const TinyRun tiny(config);
  // How long one process lives is a share of what a whole run takes on this machine; it grows, so
  // that the run comes to its end.
  const ProgramRun whole = tiny.train({"--out", "whole", "--tensorboard"});
  REQUIRE(whole.exit_code == 0);
  std::mt19937 random(7);
  bool finished = false;
  for (int round = 0; !finished && round < 40; ++round) {
    Words words = {"--config", tiny.file("tiny.json"), "--out", tiny.file("run"), "--tensorboard"};
    if (std::filesystem::exists(tiny.last())) words.push_back("--resume");
    StartedProgram program("bnn-train", words);
    const double share = std::uniform_real_distribution(0.1, 0.5 + 0.1 * round)(random);
    std::this_thread::sleep_for(std::chrono::duration<double>(share * whole.seconds));
    program.send(SIGKILL);
    finished = program.wait().exit_code == 0;
  }
  REQUIRE(finished);
  check_against_metrics(tiny);
}

TEST_CASE("the option --overwrite removes the event files of the old run and nothing else") {
  const TinyRun tiny;
  REQUIRE(train(tiny, {}).exit_code == 0);
  const std::string old = board_files(tiny)[0];
  write_text(tiny.file("run/tensorboard/events.out.tfevents.1.elsewhere"), "another program's");
  REQUIRE(train(tiny, {"--overwrite", "--epochs", "1"}).exit_code == 0);
  CHECK(board_files(tiny).size() == 2);
  CHECK(tiny.read("run/tensorboard/events.out.tfevents.1.elsewhere") == "another program's");
  std::filesystem::remove(tiny.file("run/tensorboard/events.out.tfevents.1.elsewhere"));
  check_against_metrics(tiny);
  REQUIRE(tiny.train({"--out", "run", "--overwrite", "--epochs", "1"}).exit_code == 0);
  CHECK_FALSE(std::filesystem::exists(tiny.file("run/tensorboard")));
}

TEST_CASE("where the folder cannot be made the run says so before its first step") {
  const TinyRun tiny;
  std::filesystem::create_directory(tiny.file("run"));
  write_text(tiny.file("run/tensorboard"), "a file");
  check_failure(train(tiny, {}), "bnn-train", 6, "tensorboard");
  CHECK(tiny.read("run/tensorboard") == "a file");
}

TEST_CASE("event files that cannot grow are told of once, and resuming catches up") {
  const TinyRun tiny;
  REQUIRE(tiny.train({"--out", "whole", "--epochs", "40"}).exit_code == 0);
  // 32 KiB are enough for every other file of the run.
  const ProgramRun run =
      run_program("/bin/sh",
                  {"-c",
                   "ulimit -f 64; exec \"$0\" --config tiny.json --out run --epochs 40 "
                   "--tensorboard",
                   bnn::testing::binary_directory() + "/bnn-train"},
                  {.directory = tiny.path()});
  CHECK(run.exit_code == 6);
  CHECK(run.err.find("missing: tensorboard;") != std::string::npos);
  CHECK(run.err.find("warning: ") != std::string::npos);
  CHECK(run.err.find("warning: ") == run.err.rfind("warning: "));
  CHECK(run.err.find("events.out.tfevents.") != std::string::npos);
  CHECK(read_bytes(tiny.last()) == read_bytes(tiny.last("whole")));
  CHECK(summaries(tiny).size() > 4);
  CHECK(summaries(tiny).size() < 80);
  // What is missing comes from metrics.jsonl.
  REQUIRE(train(tiny, {"--resume", "--epochs", "40"}).exit_code == 0);
  const std::vector<DecodedEvent> all = summaries(tiny);
  REQUIRE(all.size() == 80);
  for (std::size_t i = 0; i < all.size(); ++i)
    CHECK(all[i].step == static_cast<std::int64_t>(5 * (i / 2 + 1)));
}

TEST_CASE("a write that fails leaves whole records, an error to warn of, and waits for the next") {
  const TinyRun tiny;
  const std::string folder = tiny.file("board");
  TensorBoard board(folder, 0, true);
  const Json line = {{"event", "train"}, {"step", 5}, {"loss", 1.5}};
  board.append(line);
  const std::string path = std::filesystem::directory_iterator(folder)->path().string();
  const std::string before = read_bytes(path);
  // The limit is the process's own, and SIGXFSZ would end it.
  struct rlimit old = {};
  REQUIRE(getrlimit(RLIMIT_FSIZE, &old) == 0);
  struct rlimit low = old;
  low.rlim_cur = before.size() + 20;
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  REQUIRE(setrlimit(RLIMIT_FSIZE, &low) == 0);
  std::string message;
  try {
    board.append(line);
  } catch (const Error& error) {
    message = error.kind() == ErrorKind::io ? error.what() : "wrong kind";
  }
  setrlimit(RLIMIT_FSIZE, &old);
  std::signal(SIGXFSZ, handler);
  CHECK(message.find("cannot write") != std::string::npos);
  CHECK(read_bytes(path) == before);
  board.append(line);
  CHECK(decode_events(read_bytes(path)).size() == 4);  // the one that failed as well
}

}  // namespace bnn::testing
