// Checkpoints that the programs must refuse: exit code 5 from bnn-eval, bnn-predict, --resume and
// --init-from alike, one line that names the file, and nothing on the disk changed.

#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <sys/stat.h>
#include <vector>

#include <catch2/catch.hpp>

#include "bnn/files/checkpoint_file.h"
#include "support/data_files.h"
#include "support/json_document.h"
#include "support/tiny_run.h"

namespace bnn::testing {
namespace {

constexpr double kMaxSeconds = 20.0;  // nothing hangs; machines may be slow or busy

// The file stands in the place of the run's last checkpoint when this is called.
void check_all_refuse(const TinyRun& tiny, const std::string& part = "") {
  const std::vector<std::string> before = tiny.tree();
  const std::string metrics = tiny.read("run/metrics.jsonl");
  const std::string bad = "run/checkpoints/last.safetensors";
  const std::map<std::string, ProgramRun> runs = {
      {"eval", tiny.eval({})},
      {"predict", tiny.predict({"test-images"})},
      {"resume", tiny.train({"--out", "run", "--resume"})},
      {"init-from", tiny.train({"--out", "other", "--init-from", bad})},
  };
  for (const auto& [use, run] : runs) {
    CAPTURE(use);
    const bool trains = use == "resume" || use == "init-from";
    check_failure(run, trains ? "bnn-train" : "bnn-" + use, 5, part);
    CHECK(run.err.find(bad) != std::string::npos);
    CHECK(run.out.empty());
    CHECK(run.seconds < kMaxSeconds);
  }
  CHECK(tiny.tree() == before);
  CHECK(tiny.read("run/metrics.jsonl") == metrics);
}

// Rewrites the checkpoint, with a right digest, after a change of its contents.
void rewrite(const TinyRun& tiny, const std::function<void(CheckpointContents&)>& change) {
  CheckpointContents contents = read_checkpoint_file(tiny.last());
  change(contents);
  std::vector<TensorView> views;
  for (const Tensor& tensor : contents.tensors) {
    views.push_back({tensor.name, tensor.shape, tensor.values});
  }
  write_checkpoint_file(tiny.last(), contents.config, contents.state, contents.extra_metadata,
                        views);
}

// Puts a text in place of one that must be there.
std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("a checkpoint cut off anywhere, or with more behind it, is refused") {
  const TrainedRun tiny;
  const std::string good = read_bytes(tiny.last());
  const std::size_t header =
      8 + static_cast<unsigned char>(good[0]) + 256u * static_cast<unsigned char>(good[1]);
  REQUIRE(header < good.size());
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{7}, std::size_t{8},
                                 std::size_t{9}, header / 2, header - 1, header, header + 1,
                                 (header + good.size()) / 2, good.size() - 4, good.size() - 1}) {
    CAPTURE(size);
    write_text(tiny.last(), good.substr(0, size));
    check_all_refuse(tiny);
  }
  for (const std::string& more : {std::string(1, '\0'), std::string("PK\x03\x04"), good}) {
    write_text(tiny.last(), good + more);
    check_all_refuse(tiny);
  }
  // The file itself is good, or this test would show nothing.
  write_text(tiny.last(), good);
  CHECK(tiny.eval({}).exit_code == 0);
}

TEST_CASE("a single flipped bit anywhere in a checkpoint is refused") {
  const TrainedRun tiny;
  const std::string good = read_bytes(tiny.last());
  constexpr std::size_t kPlaces = 60;
  for (std::size_t i = 0; i < kPlaces; ++i) {
    const std::size_t at = i < 8 ? i : (good.size() - 1) * i / (kPlaces - 1);
    const std::size_t bit = (i * 5) % 8;
    CAPTURE(at, bit);
    std::string bad = good;
    bad[at] = static_cast<char>(static_cast<unsigned char>(bad[at]) ^ (1u << bit));
    write_text(tiny.last(), bad);
    check_all_refuse(tiny);
  }
}

TEST_CASE("what is no checkpoint at all is refused") {
  const TrainedRun tiny;
  for (const std::string& text :
       {std::string("not a checkpoint\n"), std::string(1000, '{'), std::string(100, '\xff'),
        tiny.read("tiny.json"), tiny.read("train-images")}) {
    write_text(tiny.last(), text);
    check_all_refuse(tiny);
  }
  std::filesystem::remove(tiny.last());
  std::filesystem::create_directory(tiny.last());
  check_all_refuse(tiny, "directory");
  std::filesystem::remove(tiny.last());
  REQUIRE(::mkfifo(tiny.last().c_str(), 0600) == 0);
  check_all_refuse(tiny, "FIFO");
  std::filesystem::remove(tiny.last());
  std::filesystem::create_symlink("/dev/zero", tiny.last());
  check_all_refuse(tiny, "device");
  std::filesystem::remove(tiny.last());
  check_all_refuse(tiny);
}

TEST_CASE("a safetensors file of somebody else is refused") {
  const TrainedRun tiny;
  const std::vector<float> values = {1, 2, 3, 4};
  const std::vector<TensorView> tensors = {{"weight", {2, 2}, values}};
  for (const std::map<std::string, std::string>& metadata :
       {std::map<std::string, std::string>{}, std::map<std::string, std::string>{{"format", "pt"}},
        std::map<std::string, std::string>{{"format", "bnn"}, {"format_version", "2"}}}) {
    write_safetensors(tiny.last(), metadata, tensors);
    check_all_refuse(tiny);
  }
}

TEST_CASE("a checkpoint with a right digest but wrong contents is refused") {
  const TrainedRun tiny;
  const std::string good = read_bytes(tiny.last());
  using Change = std::function<void(CheckpointContents&)>;
  const auto config = [](const std::string& from, const std::string& to) -> Change {
    return [from, to](CheckpointContents& c) { c.config = replaced(c.config, from, to); };
  };
  const auto state = [](const std::string& from, const std::string& to) -> Change {
    return [from, to](CheckpointContents& c) { c.state = replaced(c.state, from, to); };
  };
  // A config that contradicts the tensors is nothing to --init-from and another run to --resume.
  const std::map<std::string, Change> config_changes = {
      {"more filters than the tensors", config("\"filters\":2", "\"filters\":3")},
      {"filters beyond all memory", config("\"filters\":2", "\"filters\":2000000000")},
      {"units beyond what the file holds", config("\"units\":10", "\"units\":100000000")},
      {"an input beyond all memory", config("\"height\":8", "\"height\":1000000")},
      {"another layer's name", config("\"name\":\"conv\"", "\"name\":\"vnoc\"")},
      {"a circle of layers", config("\"inputs\":[]", "\"inputs\":[\"logits\"]")},
      {"standardisation of two channels",
       [](CheckpointContents& c) {
         Json stored = bnn::testing::parsed(c.config);
         stored["data"]["standardize"] = {{"mean", {0, 0}}, {"std", {1, 1}}};
         c.config = stored.dump();
       }},
  };
  const std::map<std::string, Change> changes = {
      {"config is no JSON", [](CheckpointContents& c) { c.config = "nonsense"; }},
      {"config is nested deeply",
       [](CheckpointContents& c) { c.config = std::string(100000, '['); }},
      {"config is empty", [](CheckpointContents& c) { c.config = "{}"; }},
      {"a key of the config is unknown", config("\"seed\"", "\"sead\"")},
      {"state is no JSON", [](CheckpointContents& c) { c.state = "nonsense"; }},
      {"a negative step", state("\"step\":10", "\"step\":-1")},
      {"a step that is no number", state("\"step\":10", "\"step\":\"ten\"")},
      {"a step beyond all bounds", state("\"step\":10", "\"step\":18446744073709551615")},
      {"a tensor is missing", [](CheckpointContents& c) { c.tensors.erase(c.tensors.begin()); }},
      {"a tensor has another name",
       [](CheckpointContents& c) { c.tensors.front().name = "conv/elsewhere"; }},
      {"a tensor is transposed",
       [](CheckpointContents& c) {
         for (Tensor& tensor : c.tensors) {
           if (tensor.shape.size() == 2) std::swap(tensor.shape[0], tensor.shape[1]);
         }
       }},
  };
  for (const auto& [what, change] : changes) {
    CAPTURE(what);
    write_text(tiny.last(), good);
    rewrite(tiny, change);
    check_all_refuse(tiny);
  }
  for (const auto& [what, change] : config_changes) {
    CAPTURE(what);
    write_text(tiny.last(), good);
    rewrite(tiny, change);
    check_failure(tiny.eval({}), "bnn-eval", 5, "last.safetensors");
    check_failure(tiny.predict({"test-images"}), "bnn-predict", 5, "last.safetensors");
    const ProgramRun resumed = tiny.train({"--out", "run", "--resume"});
    check_failure(resumed, "bnn-train", what.starts_with("standard") ? 4 : 3, "");
  }
}

TEST_CASE("a checkpoint that claims steps which its epochs do not have is not resumed") {
  const TrainedRun tiny;
  const std::string good = read_bytes(tiny.last());
  for (const auto& [from, to] :
       {std::pair("\"step\":10", "\"step\":3"), std::pair("\"epoch\":2", "\"epoch\":1"),
        std::pair("\"step\":10", "\"step\":4000000000"),
        std::pair("\"epoch\":2", "\"epoch\":4000000000"),
        std::pair("\"best_epoch\":2", "\"best_epoch\":3")}) {
    CAPTURE(to);
    write_text(tiny.last(), good);
    const auto change = [&, old = from, now = to](CheckpointContents& c) {
      c.state = replaced(c.state, old, now);
    };
    rewrite(tiny, change);
    const ProgramRun run = tiny.train({"--out", "run", "--resume", "--epochs", "3"});
    check_failure(run, "bnn-train", 5, "last.safetensors");
  }
}

TEST_CASE("a state that is none of the optimizer is not resumed, with file and tensor") {
  Json config = tiny_config();
  config["training"]["optimizer"] = {{"type", "ivon"}};
  const TrainedRun tiny(config, {"--max-steps", "6"});
  rewrite(tiny, [](CheckpointContents& c) {
    for (Tensor& tensor : c.tensors) {
      if (tensor.name.ends_with("untransformed_scale")) tensor.values.back() = 0;
    }
  });
  CHECK(tiny.eval({}).exit_code == 0);  // which needs no curvature
  const ProgramRun run = tiny.train({"--out", "run", "--resume"});
  check_failure(run, "bnn-train", 5, "last.safetensors: tensor \"optimizer/estimate/");
}

TEST_CASE("finite weights whose outputs are not give no results, and the place is named") {
  const TrainedRun tiny;
  rewrite(tiny, [](CheckpointContents& c) {
    for (Tensor& tensor : c.tensors) {
      if (!tensor.name.ends_with("kernel_posterior_loc")) continue;
      std::fill(tensor.values.begin(), tensor.values.end(), 3e38f);
    }
  });
  const ProgramRun evaluation = tiny.eval({});
  check_failure(evaluation, "bnn-eval", 7, "last.safetensors: the class probabilities");
  CHECK(evaluation.out.empty());
  check_failure(tiny.predict({"test-images"}), "bnn-predict", 7, "test-images#0: the class");
}

TEST_CASE("the weights of another network are refused by name") {
  const TrainedRun tiny;
  const Words arguments = {"--out", "other", "--init-from", "run/checkpoints/last.safetensors",
                           "--set"};
  const auto init = [&](const std::string& assignment) {
    Words words = arguments;
    words.push_back(assignment);
    return tiny.train(words);
  };
  check_failure(init("model.layers.0.filters=3"), "bnn-train", 5, "conv/");
  check_failure(init("model.layers.0.name=first"), "bnn-train", 5, "first/");
  check_failure(init("model.layers.3.bias_posterior_fn=null"), "bnn-train", 5, "logits/bias");
  CHECK_FALSE(std::filesystem::exists(tiny.file("other")));
}

}  // namespace bnn::testing
