// --init-from: which tensors of a checkpoint go where, what is refused, and posterior scales made
// of the weights (posterior_from_weights).

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>

#include <catch2/catch.hpp>

#include "bnn/bayes/mean_field_normal.h"
#include "bnn/files/safetensors.h"
#include "bnn/train/posterior_from_weights.h"
#include "support/data_files.h"
#include "support/exact_posterior.h"
#include "support/json_document.h"
#include "support/model_fixtures.h"
#include "support/tiny_run.h"

namespace bnn::testing {
namespace {

using Weights = std::map<std::string, std::vector<float>>;

Weights weights_of(const std::string& checkpoint) {
  Weights weights;
  for (const Tensor& tensor : read_safetensors(checkpoint).tensors) {
    weights[tensor.name].assign(tensor.values.begin(), tensor.values.end());
  }
  return weights;
}

Json deterministic_config() {
  Json config = tiny_config();
  config["model"]["layers"][0]["type"] = "conv2d";
  config["model"]["layers"][3]["type"] = "dense";
  return config;
}

// Holds a trained deterministic run in "plain"; tiny.json is the flipout network of its shapes.
class PlainSource : public TinyRun {
 public:
  PlainSource() {
    write_config(deterministic_config(), "plain.json");
    REQUIRE(train_raw({"--config", "plain.json", "--out", "plain", "--epochs", "1"}).exit_code ==
            0);
  }

  // The initial weights of a run that starts from it with these further arguments.
  Weights started(const std::string& out, const Words& arguments) const {
    Words words = {"--out", out, "--max-steps", "0", "--init-from", last("plain")};
    words.insert(words.end(), arguments.begin(), arguments.end());
    const ProgramRun run = train(words);
    INFO(run.err);
    REQUIRE(run.exit_code == 0);
    return weights_of(last(out));
  }
};

const Words kFromWeights = {"--set", R"(training.posterior_from_weights={"delta":0.05})"};

// Every scale is delta |mean|, or the least one.
void check_scales(const Weights& weights, const std::string& tensor, double delta) {
  const auto& mu = weights.at(tensor + "_posterior_loc");
  const auto& u = weights.at(tensor + "_posterior_untransformed_scale");
  for (std::size_t i = 0; i < mu.size(); ++i) {
    const double expected = std::max(delta * std::fabs(static_cast<double>(mu[i])), 1e-5);
    CHECK(exact_sigma(static_cast<double>(u[i])) == Approx(expected).epsilon(1e-5));
  }
}

void check_scales(const Weights& weights, double delta) {
  for (const char* tensor : {"conv/kernel", "logits/kernel"}) check_scales(weights, tensor, delta);
}

}  // namespace

TEST_CASE("the untransformed scale of a scale gives that scale back") {
  for (double sigma = 2e-7; sigma < 1e4; sigma *= 1.37) {
    CAPTURE(sigma);
    const float u = untransformed_scale_of(sigma);
    CHECK(std::isfinite(u));
    // u has a relative error of 2^-24, and d ln sigma / du is at most 1.
    CHECK(exact_sigma(static_cast<double>(u)) ==
          Approx(sigma).epsilon(1e-7 * std::max(1.0, std::fabs(static_cast<double>(u)))));
  }
  CHECK(untransformed_scale_of(std::log(2.0) + kEpsilon) == Approx(0.0).margin(1e-7));
}

TEST_CASE("scales from weights are delta |w|, and never so small that they cannot grow") {
  const Graph graph = make_graph(R"({"input": {"height": 1, "width": 2, "channels": 1}, "layers": [
      {"type": "flatten"}, {"type": "dense_flipout", "name": "logits", "units": 3}]})");
  AlignedArray parameters(graph.layout().size());
  const Slice loc = graph.layout().find("logits/kernel_posterior_loc")->slice;
  const Slice scale = graph.layout().find("logits/kernel_posterior_untransformed_scale")->slice;
  const std::vector<float> mu = {0.0f, 1e-6f, -0.5f, 2.0f, -300.0f, 1e-4f};
  std::copy(mu.begin(), mu.end(), parameters.data() + loc.offset);
  set_scales_from_weights(graph.layout(), {.delta = 0.2}, parameters);
  const std::vector<double> expected = {1e-5, 1e-5, 0.1, 0.4, 60.0, 2e-5};
  for (std::size_t i = 0; i < expected.size(); ++i) {
    CHECK(exact_sigma(static_cast<double>(parameters.data()[scale.offset + i])) ==
          Approx(expected[i]).epsilon(1e-5));
    CHECK(parameters.data()[loc.offset + i] == mu[i]);
  }
}

TEST_CASE("the weights of a deterministic network become the means of a Bayesian one") {
  const PlainSource tiny;
  const Weights source = weights_of(tiny.last("plain"));
  REQUIRE(tiny.train({"--out", "own", "--max-steps", "0"}).exit_code == 0);
  const Weights own = weights_of(tiny.last("own"));
  const Weights started = tiny.started("started", {});
  for (const std::string layer : {"conv", "logits"}) {
    CHECK(started.at(layer + "/kernel_posterior_loc") == source.at(layer + "/kernel"));
    CHECK(started.at(layer + "/bias_posterior_loc") == source.at(layer + "/bias"));
    CHECK(started.at(layer + "/kernel_posterior_loc") != own.at(layer + "/kernel_posterior_loc"));
    // Scales keep what the initialisers gave them, and the optimizer begins afresh.
    const std::string scale = layer + "/kernel_posterior_untransformed_scale";
    CHECK(started.at(scale) == own.at(scale));
    const auto& moments = started.at("optimizer/m/" + layer + "/kernel_posterior_loc");
    CHECK(std::all_of(moments.begin(), moments.end(), [](float m) { return m == 0.0f; }));
  }
}

TEST_CASE("posterior_from_weights makes scales of the weights, of either kind of checkpoint") {
  const PlainSource tiny;
  check_scales(tiny.started("moped", kFromWeights), 0.05);
  REQUIRE(tiny.train({"--out", "bayesian", "--epochs", "1"}).exit_code == 0);
  Words words = {"--out", "again", "--max-steps", "0", "--init-from", tiny.last("bayesian")};
  words.insert(words.end(), kFromWeights.begin(), kFromWeights.end());
  REQUIRE(tiny.train(words).exit_code == 0);
  const Weights again = weights_of(tiny.last("again"));
  check_scales(again, 0.05);
  const std::string loc = "conv/kernel_posterior_loc";
  CHECK(again.at(loc) == weights_of(tiny.last("bayesian")).at(loc));
  // The start is not made twice: a stopped run goes on as if it had not been stopped.
  words = {"--out", "whole", "--init-from", tiny.last("plain")};
  words.insert(words.end(), kFromWeights.begin(), kFromWeights.end());
  REQUIRE(tiny.train(words).exit_code == 0);
  REQUIRE(tiny.train_raw({"--resume", "--out", "moped"}).exit_code == 0);
  CHECK(read_bytes(tiny.last("moped")) == read_bytes(tiny.last("whole")));
}

TEST_CASE("kernels of other names are matched and get scales from their weights too") {
  const TinyRun tiny;
  const auto write = [&](const std::string& suffix, const std::string& file) {
    Json config = tiny_config();
    config["model"]["layers"][0] = bnn::testing::parsed(
        R"({"type": "separable_conv2d)" + suffix +
        R"(", "name": "conv", "filters": 3, "kernel_size": 3, "depth_multiplier": 2})");
    config["model"]["layers"][3]["type"] = "dense" + suffix;
    tiny.write_config(config, file);
  };
  write("", "plain.json");
  write("_flipout", "bayesian.json");
  REQUIRE(tiny.train_raw({"--config", "plain.json", "--out", "plain", "--epochs", "1"}).exit_code ==
          0);
  Words words = {"--config", "bayesian.json", "--out",           "started", "--max-steps",
                 "0",        "--init-from",   tiny.last("plain")};
  words.insert(words.end(), kFromWeights.begin(), kFromWeights.end());
  REQUIRE(tiny.train_raw(words).exit_code == 0);
  const Weights source = weights_of(tiny.last("plain")), started = weights_of(tiny.last("started"));
  for (const std::string tensor : {"conv/depthwise_kernel", "conv/pointwise_kernel"}) {
    CHECK(started.at(tensor + "_posterior_loc") == source.at(tensor));
    check_scales(started, tensor, 0.05);
  }
  CHECK(started.at("conv/bias_posterior_loc") == source.at("conv/bias"));
}

TEST_CASE("posterior_from_weights without weights is refused, but may be looked at") {
  const TinyRun tiny;
  Words words = {"--out", "run"};
  words.insert(words.end(), kFromWeights.begin(), kFromWeights.end());
  const std::vector<std::string> before = tiny.tree();
  check_failure(tiny.train(words), "bnn-train", 2, "--init-from");
  words.push_back("--dry-run");
  CHECK(tiny.train(words).exit_code == 0);
  words.back() = "--print-config";
  const ProgramRun printed = tiny.train(words);
  CHECK(bnn::testing::parsed(printed.out).at("training").at("posterior_from_weights").at("delta") ==
        0.05);
  for (const char* bad :
       {R"({"delta":0})", R"({"delta":-1})", R"({"delta":"x"})", "3", "[]", R"({"detla":1})"}) {
    const std::string assignment = std::string("training.posterior_from_weights=") + bad;
    check_failure(tiny.train({"--out", "run", "--set", assignment}), "bnn-train", 3,
                  "/training/posterior_from_weights");
  }
  CHECK(tiny.tree() == before);
}

TEST_CASE("everything that does not fit is in one sentence, and nothing is written") {
  const PlainSource tiny;
  const std::vector<std::string> before = tiny.tree();
  const ProgramRun run =
      tiny.train({"--out", "run", "--init-from", tiny.last("plain"), "--set",
                  "model.layers.0.filters=3", "--set", "model.layers.3.name=output"});
  check_failure(run, "bnn-train", 5,
                R"("conv/kernel" has shape [3, 3, 1, 2], expected [3, 3, 1, 3])");
  for (const char* part :
       {R"("output/kernel_posterior_loc" is missing)", R"("logits/kernel" belongs to no layer)"}) {
    CAPTURE(run.err, part);
    CHECK(run.err.find(part) != std::string::npos);
  }
  // A Bayesian checkpoint has scales, of which a deterministic network can make nothing.
  REQUIRE(tiny.train({"--out", "bayesian", "--max-steps", "1"}).exit_code == 0);
  check_failure(tiny.train_raw({"--config", "plain.json", "--out", "run", "--init-from",
                                tiny.last("bayesian")}),
                "bnn-train", 5, R"("conv/kernel" is missing)");
  CHECK_FALSE(std::filesystem::exists(tiny.file("run")));
}

}  // namespace bnn::testing
