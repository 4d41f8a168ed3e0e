// Several networks averaged: which pass is whose, and bnn-eval with several checkpoints.

#include <algorithm>
#include <filesystem>
#include <map>

#include <catch2/catch.hpp>

#include "bnn/infer/ensemble_predictor.h"
#include "support/json_document.h"
#include "support/model_fixtures.h"
#include "support/npy_array.h"
#include "support/tiny_run.h"

namespace bnn::testing {
namespace {

const Shape kShape{2, 3, 1, false};
const std::string kRandom = R"({"input": {"height": 2, "width": 3, "channels": 1}, "layers": [
    {"type": "flatten"}, {"type": "dense_flipout", "name": "logits", "units": 3}]})";
const std::string kPlain = R"({"input": {"height": 2, "width": 3, "channels": 1}, "layers": [
    {"type": "flatten"}, {"type": "dense", "name": "logits", "units": 3}]})";
const std::string kDropout = R"({"input": {"height": 2, "width": 3, "channels": 1}, "layers": [
    {"type": "flatten"}, {"type": "dropout", "rate": 0.5},
    {"type": "dense", "name": "logits", "units": 3}]})";

struct Network {
  Graph graph;
  AlignedArray parameters;
  Standardization standardization;
  PredictionSpec spec;

  Network(const std::string& model, std::uint64_t seed, double mean)
      : graph(make_graph(model)),
        parameters(graph.layout().size()),
        standardization{{mean}, {0.5}},
        spec{.samples = 4, .seed = seed} {
    initialize_parameters(graph.layout(), seed, parameters);
  }

  EnsembleMember member() const { return {graph, parameters, standardization, spec}; }
};

// [pass][example][class] of all examples.
std::vector<float> together(const std::vector<EnsembleMember>& members, const Dataset& data,
                            int threads = 2) {
  ThreadPool pool(threads);
  const SoftmaxClassifier likelihood = classifier_of(members[0].graph);
  EnsemblePredictor predictor(likelihood, members, pool);
  const std::size_t n = data.size(), passes = predictor.passes();
  std::vector<float> all(passes * n * 3, -1.0f);
  predictor.predict(data, indices(n), [&](const PredictedBlock& block) {
    CHECK(block.passes == passes);
    for (std::size_t p = 0; p < passes; ++p) {
      const std::size_t floats = block.examples.size() * 3;
      std::copy_n(block.predictions.data() + p * floats, floats,
                  all.data() + (p * n + block.first) * 3);
    }
  });
  return all;
}

// The same of one network, from a Predictor of its own.
std::vector<float> alone(const Network& network, const Dataset& data) {
  const Standardizer standardizer(network.standardization);
  ThreadPool pool(1);
  const SoftmaxClassifier likelihood = classifier_of(network.graph);
  Predictor predictor(network.graph, likelihood, network.parameters, network.spec, pool);
  const std::size_t n = data.size();
  std::vector<float> all(4 * n * 3, -1.0f);
  predictor.predict(data, standardizer, indices(n), [&](const PredictedBlock& block) {
    for (std::size_t p = 0; p < 4; ++p) {
      const std::size_t floats = block.examples.size() * 3;
      std::copy_n(block.predictions.data() + p * floats, floats,
                  all.data() + (p * n + block.first) * 3);
    }
  });
  return all;
}

void check_passes(const std::vector<const Network*>& networks, const Dataset& data) {
  std::vector<EnsembleMember> members;
  for (const Network* network : networks) members.push_back(network->member());
  const std::vector<float> all = together(members, data);
  const std::size_t size = data.size() * 3;
  REQUIRE(all.size() == 4 * networks.size() * size);
  for (std::size_t m = 0; m < networks.size(); ++m) {
    const std::vector<float> own = alone(*networks[m], data);
    for (std::size_t s = 0; s < 4; ++s) {
      CAPTURE(m, s);
      const std::size_t pass = s * networks.size() + m;
      CHECK(std::equal(own.begin() + static_cast<std::ptrdiff_t>(s * size),
                       own.begin() + static_cast<std::ptrdiff_t>((s + 1) * size),
                       all.begin() + static_cast<std::ptrdiff_t>(pass * size)));
    }
  }
  CHECK(together(members, data, 1) == all);
}

Json eval_json(const TinyRun& tiny, const Words& arguments) {
  Words words = arguments;
  words.insert(words.end(), {"--format", "json"});
  const ProgramRun run = run_program("bnn-eval", words, {.directory = tiny.path()});
  INFO(run.err);
  REQUIRE(run.exit_code == 0);
  return bnn::testing::parsed(run.out);
}

}  // namespace

TEST_CASE("the passes of an ensemble are those of its members in turn") {
  const Dataset data = random_dataset(kShape, 3, 37, 5);
  const Network a(kRandom, 1, 0.25), b(kRandom, 2, 0.5), plain(kPlain, 3, 0.75),
      dropout(kDropout, 4, 0.5);
  check_passes({&a}, data);
  check_passes({&a, &b}, data);
  check_passes({&b, &plain, &dropout}, data);
}

TEST_CASE("networks without noise have one pass each, together or alone") {
  const Dataset data = random_dataset(kShape, 3, 20, 5);
  const Network a(kPlain, 1, 0.25), b(kPlain, 2, 0.5);
  const std::vector<float> all = together({a.member(), b.member()}, data);
  REQUIRE(all.size() == 2 * 20 * 3);
  const std::vector<float> first = alone(a, data), second = alone(b, data);
  CHECK(std::equal(all.begin(), all.begin() + 60, first.begin()));
  CHECK(std::equal(all.begin() + 60, all.end(), second.begin()));
  CHECK(together({a.member()}, data) == std::vector<float>(first.begin(), first.begin() + 60));
}

TEST_CASE("a long list comes in several blocks with the same numbers") {
  const Dataset data = random_dataset(kShape, 3, 4500, 5);
  const Network a(kRandom, 1, 0.25), plain(kPlain, 2, 0.5);
  check_passes({&a, &plain}, data);
}

TEST_CASE("bnn-eval averages checkpoints, each with its own standardisation") {
  const TrainedRun tiny;
  REQUIRE(tiny.train({"--out", "other", "--seed", "8"}).exit_code == 0);
  const std::string a = tiny.last(), b = tiny.last("other");
  const Json both = eval_json(tiny, {a, b, "--save-samples", "both.npy"});
  eval_json(tiny, {a, "--save-samples", "a.npy"});
  eval_json(tiny, {b, "--save-samples", "b.npy"});
  CHECK(both.at("samples") == 8);
  CHECK(both.at("members") == 2);
  const NpyArray all = parse_npy(tiny.read("both.npy"));
  const std::vector<NpyArray> single = {parse_npy(tiny.read("a.npy")),
                                        parse_npy(tiny.read("b.npy"))};
  REQUIRE(all.samples == 8);
  for (std::size_t s = 0; s < 8; ++s) {
    for (std::size_t n = 0; n < all.examples; ++n) {
      CHECK(all.at(s, n, 3) == single[s % 2].at(s / 2, n, 3));
    }
  }
  // A seed that is given counts on from member to member.
  eval_json(tiny, {a, b, "--seed", "5", "--save-samples", "both.npy"});
  eval_json(tiny, {b, "--seed", "6", "--save-samples", "b.npy"});
  CHECK(parse_npy(tiny.read("both.npy")).at(1, 7, 3) == parse_npy(tiny.read("b.npy")).at(0, 7, 3));
  const ProgramRun text = run_program("bnn-eval", {a, b});
  CHECK(text.out.starts_with("37 examples, 8 samples of 2 networks for each\n"));
}

TEST_CASE("a checkpoint that is given twice is refused, by whatever name") {
  const TrainedRun tiny;
  std::filesystem::create_symlink(tiny.last(), tiny.file("link.safetensors"));
  const std::string expected = "; expected different checkpoints to average";
  check_failure(tiny.eval({tiny.last()}), "bnn-eval", 2, "is given twice" + expected);
  check_failure(tiny.eval({"link.safetensors"}), "bnn-eval", 2,
                "link.safetensors: is the same file as " + tiny.last() + expected);
}

TEST_CASE("checkpoints that cannot be averaged are refused by name") {
  const TrainedRun tiny;
  Json config = tiny_config();
  config["model"]["layers"][3]["units"] = 11;
  tiny.write_config(config, "classes.json");
  tiny.write_config(tiny_cifar_config(), "format.json");
  const auto refuse = [&](const std::string& name, const std::string& part) {
    REQUIRE(
        tiny.train_raw({"--config", name + ".json", "--out", name, "--max-steps", "0"}).exit_code ==
        0);
    const ProgramRun run = tiny.eval({tiny.last(name)});
    check_failure(run, "bnn-eval", 5, part);
    CHECK(run.err.find(name + "/checkpoints/last.safetensors") != std::string::npos);
  };
  refuse("classes", "another number of classes");
  refuse("format", "another data format");
  check_failure(tiny.eval({"nothing.safetensors"}), "bnn-eval", 5, "nothing.safetensors");
}

}  // namespace bnn::testing
