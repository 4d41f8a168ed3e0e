// bnn-train --init-from with a file of PyTorch, as a user runs it.

#include <cmath>

#include <catch2/catch.hpp>

#include "bnn/files/safetensors.h"
#include "support/data_files.h"
#include "support/exact_posterior.h"
#include "support/naive_torch.h"
#include "support/tiny_run.h"

namespace bnn::testing {
namespace {

using Catch::Matchers::Contains;

// The folder of a tiny run with weights.safetensors, whose modules have the names of its layers.
class TorchSource : public TinyRun {
 public:
  explicit TorchSource(std::int64_t classes = 10) {
    state.add_random("conv.weight", {2, 1, 3, 3});
    state.add_random("conv.bias", {2});
    state.add_random("logits.weight", {classes, 18});
    state.add_random("logits.bias", {classes});
    write("weights.safetensors");
  }
  void write(const std::string& name) const {
    std::vector<TensorView> views;
    const std::vector<Tensor> tensors = state.tensors();
    for (const Tensor& tensor : tensors) {
      views.push_back({tensor.name, tensor.shape, tensor.values});
    }
    write_safetensors(file(name), {{"format", "pt"}}, views);
  }
  ProgramRun start(const Words& more = {}) const {
    Words words = {"--out", "run",         "--overwrite",        "--max-steps",
                   "0",     "--init-from", "weights.safetensors"};
    words.insert(words.end(), more.begin(), more.end());
    return train(words);
  }
  std::vector<float> values(const std::string& name) const {
    for (const Tensor& tensor : read_safetensors(last()).tensors) {
      if (tensor.name == name) return tensor.values;
    }
    FAIL("no tensor " << name);
    return {};
  }

  StateDict state = {};
};

const Words kMoped = {"--set", R"(training.posterior_from_weights={"delta":0.05})"};

}  // namespace

TEST_CASE("bnn-train starts from a file of PyTorch and says what it took") {
  const TorchSource tiny;
  const ProgramRun run = tiny.start();
  INFO(run.err);
  REQUIRE(run.exit_code == 0);
  CHECK_THAT(run.err, Contains("took 4 of 4 tensors from weights.safetensors, for 2 layers"));
  CHECK_THAT(run.err, Contains("put the inputs of \"logits\" in the order"));
  CHECK_THAT(tiny.read("run/train.log"), Contains("took 4 of 4 tensors"));
  CHECK(tiny.values("conv/bias_posterior_loc") == tiny.state.tensor("conv.bias").values);
  const std::vector<float> kernel = tiny.values("conv/kernel_posterior_loc");
  CHECK(kernel[2 * 5 + 1] == tiny.state.tensor("conv.weight").values[9 + 5]);
  REQUIRE(tiny.train_raw({"--resume", "--out", "run"}).exit_code == 0);
}

TEST_CASE("scales follow the weights that were taken, and those of other layers stay") {
  const TorchSource tiny(7);  // classes
  const ProgramRun run = tiny.start(kMoped);
  REQUIRE(run.exit_code == 0);
  CHECK_THAT(run.err, Contains("layer \"logits\" keeps its initial values: "));
  const std::vector<float> mean = tiny.values("conv/kernel_posterior_loc");
  const std::vector<float> scale = tiny.values("conv/kernel_posterior_untransformed_scale");
  for (std::size_t i = 0; i < mean.size(); ++i) {
    const double expected = std::max(0.05 * std::abs(static_cast<double>(mean[i])), 1e-5);
    CHECK(exact_sigma(static_cast<double>(scale[i])) == Approx(expected).epsilon(1e-5));
  }
  const auto logits = tiny.values("logits/kernel_posterior_untransformed_scale");
  REQUIRE(tiny.train({"--out", "run", "--overwrite", "--max-steps", "0"}).exit_code == 0);
  CHECK(tiny.values("logits/kernel_posterior_untransformed_scale") == logits);
}

TEST_CASE("a map from a file is followed") {
  const TorchSource tiny;
  write_text(tiny.file("map.json"), R"({"logits": null})");
  const ProgramRun run = tiny.start({"--init-map", "map.json"});
  CHECK(run.exit_code == 0);
  CHECK_THAT(run.err, Contains("took 2 of 4 tensors") &&
                          Contains("without a module, at initial values: \"logits\""));
}

TEST_CASE("weights and maps that are none are refused, and nothing is written") {
  const TorchSource tiny;
  write_text(tiny.file("zip.pt"), "PK\3\4 and so on");
  write_text(tiny.file("map.json"), R"({"fc": "logits"})");
  const std::vector<std::string> before = tiny.tree();
  const auto check_refused = [&](const Words& words, int code, const std::string& part) {
    check_failure(tiny.train(words), "bnn-train", code, part);
    CHECK(tiny.tree() == before);
  };
  check_refused({"--init-from", "zip.pt"}, 5, "safetensors.torch.save_file");
  check_refused({"--init-from", "none.safetensors"}, 5, "none.safetensors");
  check_refused({"--init-from", "tiny.json"}, 5, "tiny.json");
  check_refused({"--init-from", "weights.safetensors", "--init-map", "map.json"}, 3, "\"fc\"");
  check_refused({"--init-from", "weights.safetensors", "--init-map", "none.json"}, 3, "none.json");
  check_refused({"--init-map", "map.json"}, 2, "--init-from");
  check_refused({"--init-from", "weights.safetensors", "--set", "model.layers.0.name=a", "--set",
                 "model.layers.3.name=b"},
                5, "nothing in this file fits the network");
  REQUIRE(tiny.train({"--out", "own", "--max-steps", "0"}).exit_code == 0);
  check_failure(tiny.train({"--init-from", tiny.last("own"), "--init-map", "map.json"}),
                "bnn-train", 2, "expected no --init-map");
}

}  // namespace bnn::testing
