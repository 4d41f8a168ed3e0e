// bnn-train as a user runs it: the run folder, the options and what they print.

#include <algorithm>
#include <cmath>
#include <csignal>
#include <filesystem>
#include <map>
#include <thread>

#include <catch2/catch.hpp>

#include "bnn/files/safetensors.h"
#include "support/data_files.h"
#include "support/json_document.h"
#include "support/tiny_run.h"

namespace bnn::testing {
namespace {

Json stored_state(const std::string& checkpoint) {
  return bnn::testing::parsed(read_safetensors(checkpoint).metadata.at("state"));
}

std::map<std::string, std::vector<float>> weights_of(const std::string& checkpoint) {
  std::map<std::string, std::vector<float>> weights;
  for (const Tensor& tensor : read_safetensors(checkpoint).tensors) {
    if (tensor.name.starts_with("optimizer/")) continue;
    weights[tensor.name].assign(tensor.values.begin(), tensor.values.end());
  }
  return weights;
}

// Waits until the file is there; false after a minute.
bool appears(const std::string& path) {
  for (int i = 0; i < 12000; ++i) {
    if (std::filesystem::exists(path)) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return false;
}

}  // namespace

TEST_CASE("bnn-train writes the run folder of the contract and nothing to stdout") {
  const TinyRun tiny;
  const std::vector<std::string> before = tiny.tree();
  const ProgramRun run = tiny.train({"--out", "run"});
  INFO(run.err);
  REQUIRE(run.exit_code == 0);
  CHECK(run.out.empty());
  CHECK(run.err.find('\r') == std::string::npos);
  std::vector<std::string> expected = before;
  for (const char* name :
       {"run/", "run/config.json", "run/train.log", "run/metrics.jsonl", "run/checkpoints/",
        "run/checkpoints/last.safetensors", "run/checkpoints/best.safetensors"}) {
    expected.push_back(name);
  }
  std::sort(expected.begin(), expected.end());
  CHECK(tiny.tree() == expected);
  const std::string log = tiny.read("run/train.log");
  for (const std::string& line : lines_of(run.err)) {
    CAPTURE(line);
    CHECK(log.find(line + "\n") != std::string::npos);
  }
  CHECK(stored_state(tiny.last()).at("step") == kTinyStepsPerEpoch * kTinyEpochs);
}

TEST_CASE("metrics.jsonl has the fields of the contract, each step once") {
  const TinyRun tiny;
  REQUIRE(tiny.train({"--out", "run"}).exit_code == 0);
  const std::vector<std::string> train_keys = {"event",
                                               "epoch",
                                               "step",
                                               "examples",
                                               "nll",
                                               "kl",
                                               "kl_weight",
                                               "loss",
                                               "accuracy",
                                               "learning_rate",
                                               "examples_per_second",
                                               "elapsed_seconds"};
  std::map<std::string, std::vector<int>> steps;
  for (const Json& line : json_lines(tiny.read("run/metrics.jsonl"))) {
    const std::string event = line.at("event").text();
    steps[event].push_back(line.at("step").get<int>());
    CHECK(line.at("epoch").get<int>() * kTinyStepsPerEpoch == line.at("step"));
    if (event == "validation") {
      CHECK(line.at("examples") == kTinyValidationExamples);
      for (const char* key : {"nll", "accuracy", "ece"}) CHECK(line.at(key).is_number_float());
      continue;
    }
    CHECK(keys_of(line) == train_keys);
    CHECK(line.at("examples") == kTinyTrainExamples);
    const double loss = line.at("nll").get<double>() + line.at("kl_weight").get<double>() *
                                                           line.at("kl").get<double>() /
                                                           kTinyTrainExamples;
    CHECK(line.at("loss").get<double>() == Approx(loss).epsilon(1e-9));
    CHECK(line.at("kl_weight").get<double>() == Approx(0.1));
    CHECK(line.at("learning_rate").get<double>() == Approx(0.01));
    // Correct answers are a whole number of the examples.
    const double correct = line.at("accuracy").get<double>() * kTinyTrainExamples;
    CHECK(correct == Approx(std::round(correct)).margin(1e-9));
  }
  const std::vector<int> ends = {5, 10};
  CHECK(steps == std::map<std::string, std::vector<int>>{{"train", ends}, {"validation", ends}});
}

TEST_CASE("a run folder's config.json works as --config and gives the same checkpoint") {
  const TinyRun tiny;
  REQUIRE(tiny.train({"--out", "run"}).exit_code == 0);
  const ProgramRun again =
      tiny.train_raw({"--config", "run/config.json", "--out", "again"}, {.directory = ""});
  INFO(again.err);
  REQUIRE(again.exit_code == 0);
  CHECK(read_bytes(tiny.last("again")) == read_bytes(tiny.last()));
  CHECK(tiny.read("again/config.json") == tiny.read("run/config.json"));
}

TEST_CASE("the options --epochs 0 and --max-steps write the checkpoint of that step") {
  const TinyRun tiny;
  struct Case {
    Words arguments;
    int step;
    std::size_t metrics_lines;
  };
  for (const Case& c : {Case{{"--epochs", "0"}, 0, 0}, Case{{"--max-steps", "0"}, 0, 0},
                        Case{{"--max-steps", "3"}, 3, 0}, Case{{"--max-steps", "5"}, 5, 2},
                        Case{{"--max-steps", "7"}, 7, 2}, Case{{"--max-steps", "1000"}, 10, 4}}) {
    CAPTURE(c.arguments);
    Words arguments = {"--overwrite", "--out", "run"};
    arguments.insert(arguments.end(), c.arguments.begin(), c.arguments.end());
    CHECK(tiny.train(arguments).exit_code == 0);
    CHECK(stored_state(tiny.last()).at("step") == c.step);
    CHECK(lines_of(tiny.read("run/metrics.jsonl")).size() == c.metrics_lines);
    CHECK(tiny.eval({}).exit_code == 0);
  }
}

TEST_CASE("the option --init-from starts from another run's weights") {
  const TinyRun tiny;
  REQUIRE(tiny.train({"--out", "source", "--epochs", "1"}).exit_code == 0);
  REQUIRE(tiny.train({"--out", "own", "--max-steps", "0", "--seed", "8"}).exit_code == 0);
  const ProgramRun run = tiny.train({"--out", "warm", "--max-steps", "0", "--seed", "8",
                                     "--init-from", "source/checkpoints/last.safetensors"});
  REQUIRE(run.exit_code == 0);
  CHECK(run.err.find("source/checkpoints/last.safetensors: weights of epoch 1\n") !=
        std::string::npos);
  CHECK(run.err.find("so validation flatters it") != std::string::npos);
  const ProgramRun same = tiny.train(
      {"--out", "same", "--max-steps", "0", "--init-from", "source/checkpoints/last.safetensors"});
  CHECK(same.err.find("flatters") == std::string::npos);
  // The first of one shuffle are held out, so fewer are among those of the source.
  const std::string random = "data.validation_split=random";
  REQUIRE(tiny.train({"--out", "random", "--epochs", "1", "--set", random}).exit_code == 0);
  const ProgramRun fewer =
      tiny.train({"--out", "fewer", "--max-steps", "0", "--set", random, "--set",
                  "data.validation=5", "--init-from", "random/checkpoints/last.safetensors"});
  CHECK(fewer.exit_code == 0);
  CHECK(fewer.err.find("flatters") == std::string::npos);
  const auto source = weights_of(tiny.last("source"));
  REQUIRE(source.size() == 6);
  CHECK(weights_of(tiny.last("warm")) == source);
  CHECK(weights_of(tiny.last("own")) != source);
  CHECK(stored_state(tiny.last("warm")).at("step") == 0);
}

TEST_CASE(
    "what a run refuses of its places is refused before images are read, and nothing is made") {
  const TrainedRun tiny;
  std::filesystem::create_directory(tiny.file("foreign"));
  write_text(tiny.file("foreign/config.json"), "{}");
  std::filesystem::remove(tiny.file("train-images"));
  const auto before = tiny.tree();
  check_failure(tiny.train({"--out", "run"}), "bnn-train", 2, "holds a checkpoint");
  check_failure(tiny.train({"--out", "foreign"}), "bnn-train", 2, "did not write");
  check_failure(tiny.train({"--out", "new", "--resume"}), "bnn-train", 5, "no checkpoint");
  check_failure(tiny.train({"--out", "new", "--init-from", "x.safetensors"}), "bnn-train", 5,
                "x.safetensors");
  CHECK(tiny.tree() == before);
}

TEST_CASE("a folder with a checkpoint is refused without --resume or --overwrite") {
  const TinyRun tiny;
  REQUIRE(tiny.train({"--out", "run"}).exit_code == 0);
  const std::string checkpoint = read_bytes(tiny.last());
  const std::string metrics = tiny.read("run/metrics.jsonl");
  const Words other = {"--out", "run", "--set", "data.validation=0"};
  const ProgramRun refused = tiny.train(other);
  check_failure(refused, "bnn-train", 2, "--overwrite");
  CHECK(refused.err.find("--resume") != std::string::npos);
  CHECK(read_bytes(tiny.last()) == checkpoint);
  CHECK(tiny.read("run/metrics.jsonl") == metrics);
  REQUIRE(tiny.train({"--out", "run", "--set", "data.validation=0", "--overwrite"}).exit_code == 0);
  REQUIRE(tiny.train({"--out", "fresh", "--set", "data.validation=0"}).exit_code == 0);
  CHECK(read_bytes(tiny.last()) == read_bytes(tiny.last("fresh")));
  CHECK(timeless_metrics(tiny.read("run/metrics.jsonl")) ==
        timeless_metrics(tiny.read("fresh/metrics.jsonl")));
  // The old run's best checkpoint is not taken for the new one's.
  CHECK_FALSE(std::filesystem::exists(tiny.file("run/checkpoints/best.safetensors")));
}

TEST_CASE("a validation that is not finite ends the run with the step that made the weights") {
  Json config = tiny_config();
  // One finite step, after which every weight is so large that the outputs leave float32.
  config["training"]["batch_size"] = 48;
  config["training"]["kl"]["weight"] = 1e9;
  config["training"]["optimizer"] = {{"type", "sgd"}, {"learning_rate", 1e6}};
  config["model"]["defaults"] = {{"kernel_prior_fn", {{"type", "normal"}, {"scale", 1e-4}}}};
  const TinyRun tiny(config);
  const ProgramRun run = tiny.train({"--out", "run", "--quiet"});
  check_failure(run, "bnn-train", 7, "step 1: the validation after it: ");
  CHECK_FALSE(std::filesystem::exists(tiny.last()));
}

TEST_CASE("a run folder in use is refused at once, and the lock dies with its process") {
  const TinyRun tiny;
  const Words arguments = {
      "--config", tiny.file("tiny.json"), "--epochs", "1000000", "--threads", "1",
      "--out",    tiny.file("run"),       "--quiet"};
  StartedProgram holder("bnn-train", arguments);
  REQUIRE(appears(tiny.last()));
  for (const char* use : {"--quiet", "--resume", "--overwrite"}) {
    CAPTURE(use);
    const ProgramRun refused = tiny.train({"--out", "run", use});
    check_failure(refused, "bnn-train", 8, "in use");
    CHECK(refused.seconds < 20.0);  // it does not wait for the other
  }
  CHECK(tiny.eval({}).exit_code == 0);  // reading is free
  holder.send(SIGKILL);
  CHECK(holder.wait().exit_code == -SIGKILL);
  CHECK(tiny.train({"--out", "run", "--resume", "--epochs", "1"}).exit_code == 0);
}

TEST_CASE("without --out the folder is runs/ and the config's name") {
  const TinyRun tiny;
  REQUIRE(tiny.train({"--max-steps", "1", "--quiet"}).exit_code == 0);
  CHECK(std::filesystem::exists(tiny.last("runs/tiny")));
}

}  // namespace bnn::testing
