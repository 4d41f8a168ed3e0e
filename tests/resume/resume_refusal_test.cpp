// What bnn-train --resume refuses: nothing to resume, another config, other data. A refused run
// folder stays as it was.

#include <catch2/catch.hpp>

#include "bnn/files/checkpoint_file.h"
#include "support/data_files.h"
#include "support/tiny_run.h"

namespace bnn::testing {
namespace {

// All files of the run folder with their contents.
std::vector<std::string> contents(const TinyRun& tiny) {
  std::vector<std::string> list;
  for (const std::string& name : tiny.tree()) {
    if (!name.starts_with("run/")) continue;
    list.push_back(name.back() == '/' ? name : name + ": " + tiny.read(name));
  }
  return list;
}

void check_refused(const TinyRun& tiny, const Words& arguments, int exit_code,
                   const std::string& part) {
  CAPTURE(arguments);
  const std::vector<std::string> before = contents(tiny);
  Words words = {"--out", "run", "--resume"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  check_failure(tiny.train(words), "bnn-train", exit_code, part);
  CHECK(contents(tiny) == before);
}

}  // namespace

TEST_CASE("resuming where there is nothing exits with 5 and creates nothing") {
  const TinyRun tiny;
  const std::vector<std::string> before = tiny.tree();
  check_failure(tiny.train({"--out", "nowhere", "--resume"}), "bnn-train", 5, "nowhere");
  check_failure(tiny.train_raw({"--out", "nowhere", "--resume"}), "bnn-train", 5, "nowhere");
  CHECK(tiny.tree() == before);
}

TEST_CASE("resuming with a changed config names the key") {
  const TinyRun tiny;
  REQUIRE(tiny.train({"--out", "run", "--max-steps", "3"}).exit_code == 0);
  struct Case {
    std::string assignment;
    std::string pointer;
  };
  const std::vector<Case> cases = {
      {"training.batch_size=5", "/training/batch_size"},
      {"training.seed=8", "/training/seed"},
      {"training.shards=4", "/training/shards"},
      {"training.samples=2", "/training/samples"},
      {"training.optimizer.learning_rate=0.02", "/training/optimizer/learning_rate"},
      {"training.kl.weight=1", "/training/kl/weight"},
      {"training.gradient_clip_norm=1", "/training/gradient_clip_norm"},
      {"model.layers.0.filters=3", "/model/layers/0/filters"},
      {"model.layers.0.activation=tanh", "/model/layers/0/activation"},
      {"model.layers.3.name=output", "/model/layers/3/name"},
      {"model.layers.0.kernel_prior_fn.scale=2", "/model/layers/0/kernel_prior_fn/scale"},
      {"data.validation=11", "/data/validation"},
      {"data.augment.flip_horizontal=true", "/data/augment/flip_horizontal"},
  };
  for (const Case& c : cases) check_refused(tiny, {"--set", c.assignment}, 3, c.pointer);
  // These change nothing of what a step computes.
  CHECK(tiny.train({"--out", "run", "--resume", "--set", "evaluation.samples=7", "--set",
                    "training.epochs=3", "--set", "name=other", "--set",
                    "training.checkpoint_steps=2"})
            .exit_code == 0);
}

TEST_CASE("resuming with changed training data exits with 4") {
  struct Case {
    std::string what;
    int examples;
    int pattern;
    bool other_labels;
  };
  for (const Case& c : {Case{"other pixels", 60, 5, false}, Case{"fewer examples", 59, 0, false},
                        Case{"other labels", 60, 0, true}}) {
    for (const char* standardize : {"channel", "none"}) {
      CAPTURE(c.what, standardize);
      Json config = tiny_config();
      config["data"]["standardize"] = standardize;
      const TinyRun tiny(config);
      REQUIRE(tiny.train({"--out", "run", "--max-steps", "3"}).exit_code == 0);
      write_idx_images(tiny.file("train-images"), c.examples, 8, 8, 1, c.pattern);
      write_idx_labels(tiny.file("train-labels"), c.examples, c.other_labels ? 1 : 0);
      check_refused(tiny, {}, 4, "training data");
    }
  }
}

TEST_CASE(
    "a curvature that no training of ivon leaves is refused before the run folder is touched") {
  Json config = tiny_config();
  config["training"]["optimizer"] = {{"type", "ivon"}, {"learning_rate", 0.3}};
  const TinyRun tiny(config);
  // There is none before the first step.
  REQUIRE(tiny.train({"--out", "run", "--max-steps", "0"}).exit_code == 0);
  REQUIRE(tiny.train({"--out", "run", "--resume", "--max-steps", "3"}).exit_code == 0);
  CheckpointContents stored = read_checkpoint_file(tiny.last());
  std::vector<TensorView> views;
  for (Tensor& tensor : stored.tensors) {
    if (tensor.name.ends_with("estimate/conv/kernel_posterior_untransformed_scale")) {
      tensor.values[1] = -1.0f;
    }
    views.push_back({tensor.name, tensor.shape, tensor.values});
  }
  write_checkpoint_file(tiny.last(), stored.config, stored.state, stored.extra_metadata, views);
  check_refused(tiny, {}, 5, "is not above 0");
}

}  // namespace bnn::testing
