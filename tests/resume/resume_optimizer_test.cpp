// Stopping and resuming with each optimizer, and with averages over the steps.

#include <filesystem>

#include <catch2/catch.hpp>

#include "bnn/files/checkpoint_file.h"
#include "support/json_document.h"
#include "support/tiny_run.h"

namespace bnn::testing {
namespace {

Json config_with(const std::string& training) {
  Json config = tiny_config();
  const Json keys = bnn::testing::parsed(training);
  for (const auto& [key, value] : keys.items()) {
    config["training"][key] = value;
  }
  return config;
}

std::vector<std::string> result_files(const TinyRun& tiny, const std::string& out) {
  std::vector<std::string> result = timeless_metrics(tiny.read(out + "/metrics.jsonl"));
  result.push_back(read_bytes(tiny.last(out)));
  result.push_back(tiny.read(out + "/checkpoints/best.safetensors"));
  return result;
}

const Tensor& tensor_of(const CheckpointContents& contents, const std::string& name) {
  for (const Tensor& tensor : contents.tensors) {
    if (tensor.name == name) return tensor;
  }
  throw Error(ErrorKind::internal, "no tensor " + name);
}

const char* const kIvon = R"({"optimizer": {"type": "ivon", "learning_rate": 0.3}})";

}  // namespace

TEST_CASE("with every optimizer and average, a stopped and resumed run gives the same bytes") {
  for (
      const char* training :
      {R"({"optimizer": {"type": "sgd", "momentum": 0.9, "nesterov": true}})",
       R"({"optimizer": {"type": "adamw", "scale_learning_rate_factor": 10}})", kIvon,
       R"({"ema_decay": 0.9})", R"({"swa_epochs": 1, "checkpoint_steps": 2})",
       R"({"optimizer": {"type": "ivon", "clip_radius": 1}, "ema_decay": 0.8, "swa_epochs": 1})"}) {
    CAPTURE(training);
    const TinyRun tiny(config_with(training));
    REQUIRE(tiny.train({"--out", "whole"}).exit_code == 0);
    for (const char* step : {"0", "1", "5", "7"}) {
      CAPTURE(step);
      const std::string out = std::string("run") + step;
      REQUIRE(tiny.train_raw({"--config", "tiny.json", "--out", out, "--threads", "3",
                              "--max-steps", step})
                  .exit_code == 0);
      REQUIRE(tiny.train({"--out", out, "--resume"}).exit_code == 0);
      CHECK(result_files(tiny, out) == result_files(tiny, "whole"));
    }
  }
}

TEST_CASE("what follows the number of epochs refuses another one on resuming") {
  const char* const bound[] = {kIvon, R"({"swa_epochs": 1})"};
  const char* const free[] = {R"({"optimizer": {"type": "ivon", "beta_2": 0.99}})",
                              R"({"ema_decay": 0.9})", R"({"optimizer": {"type": "sgd"}})"};
  for (const char* training : bound) {
    CAPTURE(training);
    const TrainedRun tiny(config_with(training));
    check_failure(tiny.train({"--out", "run", "--resume", "--epochs", "3"}), "bnn-train", 3,
                  "/training/epochs");
    CHECK(tiny.train({"--out", "run", "--resume"}).err.find("--init-from") != std::string::npos);
  }
  for (const char* training : free) {
    CAPTURE(training);
    const TrainedRun tiny(config_with(training));
    CHECK(tiny.train({"--out", "run", "--resume", "--epochs", "3"}).exit_code == 0);
  }
}

TEST_CASE("the checkpoints of an averaging run hold the average, and its weights apart") {
  const TrainedRun tiny(config_with(R"({"ema_decay": 0.95})"));
  REQUIRE(tiny.train({"--out", "plain", "--set", "training.ema_decay=0"}).exit_code == 0);
  const CheckpointContents average = read_checkpoint_file(tiny.last("run"));
  const CheckpointContents best =
      read_checkpoint_file(tiny.file("run/checkpoints/best.safetensors"));
  const CheckpointContents plain = read_checkpoint_file(tiny.last("plain"));
  const std::string mean = "conv/kernel_posterior_loc";
  CHECK(tensor_of(average, "optimizer/mean/" + mean).values == tensor_of(plain, mean).values);
  CHECK(tensor_of(average, mean).values != tensor_of(plain, mean).values);
  CHECK_THROWS(tensor_of(best, "optimizer/mean/" + mean));
  const std::string scale = "conv/kernel_posterior_untransformed_scale";
  CHECK(tensor_of(average, scale).values == tensor_of(plain, scale).values);
  // The validation is that of the average: the best of two epochs is the last checkpoint's or not,
  // but its network is never that of the plain run.
  const std::string validation = timeless_metrics(tiny.read("run/metrics.jsonl")).back();
  CHECK(validation != timeless_metrics(tiny.read("plain/metrics.jsonl")).back());
}

TEST_CASE("the checkpoints of ivon serve evaluation, pruning and other runs") {
  const TrainedRun tiny(config_with(kIvon));
  CHECK(tiny.eval({}).exit_code == 0);
  CHECK(tiny.eval({"--prune", "0.5"}).exit_code == 0);
  CHECK(tiny.predict({"test-images"}).exit_code == 0);
  const Words from = {"--out", "next", "--overwrite", "--init-from", tiny.last()};
  Words adam = from, moped = from;
  adam.insert(adam.end(), {"--set", R"(training.optimizer={"type": "adam"})"});
  moped.insert(moped.end(), {"--set", R"(training.posterior_from_weights={"delta": 0.1})"});
  for (const Words& words : {from, adam, moped}) {
    const ProgramRun run = tiny.train(words);
    INFO(run.err);
    CHECK(run.exit_code == 0);
  }
}

TEST_CASE("what does not go with ivon is refused before anything is read or written") {
  const TinyRun tiny(config_with(kIvon));
  struct Case {
    const char *assignment, *part;
  };
  for (const Case& c :
       {Case{"training.kl.weight=0", "/training/kl/weight"},
        Case{"training.kl.annealing_epochs=1", "/training/kl/annealing_epochs"},
        Case{"training.gradient_clip_norm=1", "/training/gradient_clip_norm"},
        Case{"model.layers.3.kernel_prior_fn=laplace", "layer \"logits\": kernel_prior_fn"}}) {
    check_failure(tiny.train({"--out", "run", "--set", c.assignment}), "bnn-train", 3, c.part);
    CHECK_FALSE(std::filesystem::exists(tiny.file("run")));
  }
}

}  // namespace bnn::testing
