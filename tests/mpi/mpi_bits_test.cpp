// bnn-train-mpi on 1, 2, 4 and 8 ranks gives the files of bnn-train. tests/determinism and
// tests/exchange try more networks and numbers of shards without MPI.

#include <catch2/catch.hpp>

#include "mpi/mpi_fixture.h"

namespace bnn::testing {
namespace {

void check_ranks(const Json& config, const std::vector<int>& ranks, const Words& arguments = {}) {
  const TinyRun tiny(config);
  Words alone = {"--out", "alone"};
  alone.insert(alone.end(), arguments.begin(), arguments.end());
  const ProgramRun expected = tiny.train(alone);
  INFO(expected.err);
  REQUIRE(expected.exit_code == 0);
  for (const int count : ranks) {
    CAPTURE(count);
    Words together = {"--out", "run" + std::to_string(count)};
    together.insert(together.end(), arguments.begin(), arguments.end());
    const ProgramRun run = train_with_mpi(tiny, count, together);
    INFO(run.err);
    REQUIRE(run.exit_code == 0);
    CHECK(run_bytes(tiny, together[1]) == run_bytes(tiny, "alone"));
  }
}

// The tiny run, four epochs of five steps, with these layers and keys of training.
Json config_with(const std::string& layers, const std::string& training) {
  Json config = tiny_config();
  config["model"]["layers"] = parsed("[" + layers + "]");
  const Json keys = parsed(training);
  for (const auto& [key, value] : keys.items()) config["training"][key] = value;
  config["training"]["epochs"] = 4;
  return config;
}

const std::string kLogits = R"({"type": "flatten"},
    {"type": "dense_flipout", "name": "logits", "units": 10})";

}  // namespace

TEST_CASE("ranks train convolutions of every kind and estimator with the bits of bnn-train") {
  const std::string layers = R"(
    {"type": "conv2d_flipout", "filters": 6, "kernel_size": 3, "activation": "relu",
     "kernel_prior_fn": {"trainable": true}, "bias_posterior_fn": {"is_singular": false}},
    {"type": "conv2d_reparameterization", "filters": 6, "kernel_size": 3, "padding": "same"},
    {"type": "depthwise_conv2d_flipout", "kernel_size": 3, "depth_multiplier": 2},
    {"type": "separable_conv2d_local_reparameterization", "filters": 5, "kernel_size": 2},
    {"type": "conv2d_transpose_flipout", "filters": 4, "kernel_size": 3, "activation": "relu"},
    {"type": "conv2d_flipout", "filters": 4, "kernel_size": 2, "estimator": "independent"},
    {"type": "max_pooling2d", "pool_size": 2},)" +
                             kLogits;
  check_ranks(config_with(layers, R"({"batch_size": 10})"), {1, 2, 4, 8});
}

TEST_CASE("ranks train residual networks with normalisation, clipping, samples and averages") {
  const std::string layers = R"(
    {"type": "conv2d_flipout", "name": "first", "filters": 8, "kernel_size": 3, "padding": "same"},
    {"type": "batch_normalization", "name": "norm", "activation": "relu"},
    {"type": "conv2d_flipout", "filters": 8, "kernel_size": 3, "padding": "same"},
    {"type": "filter_response_normalization", "name": "branch"},
    {"type": "add", "inputs": ["norm", "branch"]},
    {"type": "group_normalization", "groups": 2},)" +
                             kLogits;
  check_ranks(config_with(layers, R"({"batch_size": 16, "shards": 4, "samples": 2,
    "gradient_clip_norm": 0.5, "ema_decay": 0.9,
    "optimizer": {"type": "sgd", "momentum": 0.9, "learning_rate": 0.01}})"),
              {2, 4});
}

TEST_CASE("ranks train large dense layers, shared ones and constraints, in parts") {
  const std::string layers = R"({"type": "flatten"},
    {"type": "dense_flipout", "units": 96, "activation": "relu"},
    {"type": "dense_flipout", "name": "shared", "units": 96, "activation": "relu",
     "kernel_posterior_fn": {"loc_constraint": {"type": "max_norm", "max": 1}}},
    {"type": "dense_flipout", "name": "shared", "activation": "relu", "reuse": true},
    {"type": "dense_local_reparameterization", "units": 40},
    {"type": "dense_flipout", "name": "logits", "units": 10})";
  check_ranks(config_with(layers, R"({"kl": {"annealing_epochs": 1}})"), {2, 8});
  check_ranks(config_with(layers, R"({"products": "openblas"})"), {4});
}

TEST_CASE("ranks train with the variational Newton optimizer and mixed images") {
  const std::string layers = R"(
    {"type": "conv2d_flipout", "filters": 6, "kernel_size": 3, "activation": "relu"},
    {"type": "flatten"}, {"type": "dense_flipout", "units": 64, "activation": "relu"},
    {"type": "dense_flipout", "name": "logits", "units": 10})";
  check_ranks(config_with(layers, R"({"optimizer": {"type": "ivon", "learning_rate": 0.1},
    "swa_epochs": 2})"),
              {4});
}

TEST_CASE("a run that some ranks began goes on with others, and with bnn-train") {
  const TinyRun tiny;
  REQUIRE(tiny.train({"--out", "whole"}).exit_code == 0);
  const auto step = [&](int ranks, const Words& words) {
    const ProgramRun run = ranks == 0 ? tiny.train(words) : train_with_mpi(tiny, ranks, words);
    INFO(run.err);
    REQUIRE(run.exit_code == 0);
  };
  step(4, {"--out", "run", "--max-steps", "3"});
  step(2, {"--out", "run", "--resume", "--max-steps", "6"});
  step(0, {"--out", "run", "--resume", "--max-steps", "8"});
  step(8, {"--out", "run", "--resume"});
  CHECK(run_bytes(tiny, "run") == run_bytes(tiny, "whole"));
  // Starting from the weights of another run, which the first rank alone reads.
  step(0, {"--out", "next", "--init-from", tiny.last("whole")});
  step(2, {"--out", "next2", "--init-from", tiny.last("whole")});
  CHECK(run_bytes(tiny, "next") == run_bytes(tiny, "next2"));
  // As a job does that queues itself again.
  const Words job = {"--out", "next3", "--resume-or-start", "--init-from", tiny.last("whole")};
  Words short_job = job;
  short_job.insert(short_job.end(), {"--max-steps", "3"});
  step(2, short_job);
  step(4, job);
  CHECK(run_bytes(tiny, "next") == run_bytes(tiny, "next3"));
}

TEST_CASE("ranks look for a learning rate as one process does") {
  const TinyRun tiny;
  const Words words = {"--out", "rate", "--find-learning-rate", "--max-steps", "20"};
  REQUIRE(tiny.train(words).exit_code == 0);
  const std::string alone = tiny.read("rate/learning_rate.csv");
  const ProgramRun run = train_with_mpi(tiny, 2, words);
  INFO(run.err);
  CHECK(run.exit_code == 0);
  CHECK(tiny.read("rate/learning_rate.csv") == alone);
}

}  // namespace bnn::testing
