// When a run ends before its last epoch, by which number, and that a signal ends a validation.

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include <catch2/catch.hpp>

#include "bnn/files/checkpoint_file.h"
#include "bnn/files/event_file.h"
#include "support/event_file_reader.h"
#include "support/json_document.h"
#include "support/tiny_run.h"

namespace bnn::testing {
namespace {

constexpr int kMostEpochs = 25;

// Large steps, so that no number improves for long.
Json restless_config(const std::string& monitor, int patience, double min_delta) {
  Json config = tiny_config();
  config["training"]["epochs"] = kMostEpochs;
  config["training"]["optimizer"]["learning_rate"] = 0.1;
  config["training"]["early_stopping"] = {
      {"monitor", monitor}, {"patience", patience}, {"min_delta", min_delta}};
  return config;
}

std::vector<Json> validations(const TinyRun& tiny, const std::string& out = "run") {
  std::vector<Json> list;
  for (const Json& line : json_lines(tiny.read(out + "/metrics.jsonl"))) {
    if (line.at("event") == "validation") list.push_back(line);
  }
  return list;
}

// The number of epochs after which the rule stops, by the numbers in the log.
std::size_t expected_epochs(const std::vector<Json>& lines, const std::string& key, bool larger,
                            std::size_t patience, double min_delta) {
  double best = 0;
  std::size_t since = 0;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const double value = lines[i].at(key).get<double>();
    const bool better = i == 0 || (larger ? value - best > min_delta : best - value > min_delta);
    if (better) best = value;
    since = better ? 0 : since + 1;
    if (since == patience) return i + 1;
  }
  return kMostEpochs;
}

Json state_of(const std::string& checkpoint) {
  return bnn::testing::parsed(read_checkpoint_file(checkpoint).state);
}

}  // namespace

TEST_CASE("early stopping watches the number that it is told to") {
  struct Case {
    std::string monitor, key;
    bool larger;
    int patience;
    double min_delta;
  };
  for (const Case& c :
       {Case{"validation_nll", "nll", false, 2, 0.0}, Case{"validation_nll", "nll", false, 3, 0.05},
        Case{"validation_accuracy", "accuracy", true, 2, 0.0},
        Case{"validation_accuracy", "accuracy", true, 2, 0.1},
        Case{"validation_ece", "ece", false, 2, 0.0}}) {
    CAPTURE(c.monitor, c.min_delta);
    const TrainedRun tiny(restless_config(c.monitor, c.patience, c.min_delta));
    const std::vector<Json> lines = validations(tiny);
    CHECK(lines.size() < kMostEpochs);
    CHECK(lines.size() == expected_epochs(lines, c.key, c.larger,
                                          static_cast<std::size_t>(c.patience), c.min_delta));
    // The best checkpoint is that of the lowest NLL, whatever is watched.
    const auto best =
        std::min_element(lines.begin(), lines.end(), [](const Json& a, const Json& b) {
          return a.at("nll").get<double>() < b.at("nll").get<double>();
        });
    CHECK(state_of(tiny.file("run/checkpoints/best.safetensors")).at("step") == best->at("step"));
    // Stopped and resumed in between, it ends at the same epoch with the same bytes.
    REQUIRE(tiny.train({"--out", "parts", "--max-steps", "13"}).exit_code == 0);
    REQUIRE(tiny.train({"--out", "parts", "--resume"}).exit_code == 0);
    CHECK(read_bytes(tiny.last("parts")) == read_bytes(tiny.last()));
  }
}

TEST_CASE("a resumed run that watches another number knows nothing of it yet") {
  const TinyRun tiny;
  REQUIRE(tiny.train({"--out", "run"}).exit_code == 0);
  // The NLL so far is above 1, which no accuracy can exceed.
  REQUIRE(validations(tiny).back().at("nll").get<double>() > 1.0);
  REQUIRE(tiny.train({"--out", "run", "--resume", "--epochs", "4", "--set",
                      "training.early_stopping.monitor=validation_accuracy", "--set",
                      "training.early_stopping.patience=1"})
              .exit_code == 0);
  CHECK(validations(tiny).size() == 4);
}

TEST_CASE("checkpoints from before there was a choice go on by their best NLL") {
  const TrainedRun tiny;
  CheckpointContents contents = read_checkpoint_file(tiny.last());
  const Json before = bnn::testing::parsed(contents.state);
  Json state = before;
  state.erase("monitored_best");
  state.erase("monitored_epoch");
  std::vector<TensorView> views;
  for (const Tensor& tensor : contents.tensors) {
    views.push_back({tensor.name, tensor.shape, tensor.values});
  }
  write_checkpoint_file(tiny.last(), contents.config, state.dump(), contents.extra_metadata, views);
  REQUIRE(tiny.train({"--out", "run", "--resume"}).exit_code == 0);
  CHECK(state_of(tiny.last()) == before);
}

TEST_CASE("a signal during validation stops it, and resuming gives the same bytes") {
  Json config = tiny_config();
  config["evaluation"]["validation_samples"] = 8000;
  const TinyRun tiny(config);
  const Words common = {"--tensorboard", "--epochs", "1"};
  const auto with = [&](Words more) {
    more.insert(more.end(), common.begin(), common.end());
    return more;
  };
  REQUIRE(tiny.train(with({"--out", "whole"})).exit_code == 0);
  Words words = {"--config", tiny.file("tiny.json"), "--threads", "2"};
  const Words rest = with({"--out", tiny.file("run")});
  words.insert(words.end(), rest.begin(), rest.end());
  StartedProgram program("bnn-train", words);
  const std::string metrics = tiny.file("run/metrics.jsonl");
  for (int i = 0; i < 30000; ++i) {  // the epoch's line comes just before its validation
    std::error_code ignored;
    if (std::filesystem::exists(metrics) && std::filesystem::file_size(metrics, ignored) > 0) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  program.send(SIGINT);
  CHECK(program.wait().exit_code == 130);
  const Json state = state_of(tiny.last());
  CHECK(state.at("epoch") == 0);
  CHECK(state.at("step") == kTinyStepsPerEpoch);
  CHECK(validations(tiny).empty());
  CHECK(json_lines(tiny.read("run/metrics.jsonl")).size() == 1);
  CHECK(tiny.eval({}).exit_code == 0);
  // As if the process had been killed between its next validation and the checkpoint after it.
  const std::string validation = lines_of(tiny.read("whole/metrics.jsonl")).at(1);
  std::ofstream(metrics, std::ios::app) << validation << "\n";
  const auto board = std::filesystem::directory_iterator(tiny.file("run/tensorboard"));
  std::ofstream(board->path(), std::ios::app | std::ios::binary)
      << summary_record(2e9, kTinyStepsPerEpoch, {{"validation/nll", 1.0}});
  REQUIRE(tiny.train(with({"--out", "run", "--resume"})).exit_code == 0);
  CHECK(read_bytes(tiny.last()) == read_bytes(tiny.last("whole")));
  CHECK(tiny.read("run/checkpoints/best.safetensors") ==
        tiny.read("whole/checkpoints/best.safetensors"));
  CHECK(timeless_metrics(tiny.read("run/metrics.jsonl")) ==
        timeless_metrics(tiny.read("whole/metrics.jsonl")));
  std::vector<std::size_t> records;  // values in each summary: of training, then of validation
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(tiny.file("run/tensorboard"))) {
    files.push_back(entry.path().string());
  }
  std::sort(files.begin(), files.end());
  for (const std::string& file : files) {
    for (const DecodedEvent& event : decode_events(read_bytes(file))) {
      if (event.values.empty() || event.values[0].tag.starts_with("batch/")) continue;
      records.push_back(event.values.size());
    }
  }
  REQUIRE(records.size() == 2);
  CHECK(records[0] > records[1]);
  CHECK(records[1] > 1);
}

}  // namespace bnn::testing
