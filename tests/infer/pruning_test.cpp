#include "bnn/infer/pruning.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>

#include <catch2/catch.hpp>

#include "bnn/bayes/mean_field_normal.h"
#include "bnn/infer/predictor.h"
#include "support/exact_posterior.h"
#include "support/json_document.h"
#include "support/model_fixtures.h"
#include "support/tiny_run.h"

namespace bnn::testing {
namespace {

const std::string kModel = R"({"input": {"height": 2, "width": 3, "channels": 1}, "layers": [
    {"type": "flatten"},
    {"type": "dense_flipout", "name": "hidden", "units": 4, "activation": "tanh"},
    {"type": "dense", "name": "plain", "units": 5},
    {"type": "dense_flipout", "name": "logits", "units": 3}]})";

struct Network {
  Graph graph = make_graph(kModel);
  AlignedArray parameters{graph.layout().size()};

  Network() { initialize_parameters(graph.layout(), 3, parameters); }

  std::span<float> values(const std::string& name) {
    const Slice slice = graph.layout().find(name)->slice;
    return parameters.span().subspan(slice.offset, slice.size);
  }
};

AlignedArray copy_of(const AlignedArray& array) {
  AlignedArray copy(array.size());
  std::copy_n(array.data(), array.size(), copy.data());
  return copy;
}

// Which weights of the two random tensors are 0 without a scale.
std::vector<bool> removed_weights(Network& network) {
  std::vector<bool> removed;
  for (const std::string layer : {"hidden", "logits"}) {
    const auto mu = network.values(layer + "/kernel_posterior_loc");
    const auto u = network.values(layer + "/kernel_posterior_untransformed_scale");
    for (std::size_t i = 0; i < mu.size(); ++i) {
      const bool no_scale = scale_of(u[i]) == kScaleEpsilon;
      CHECK((mu[i] == 0.0f) == no_scale);
      removed.push_back(no_scale);
    }
  }
  return removed;
}

}  // namespace

TEST_CASE("weights go in the order of |mean| / scale over all layers, ties in their own order") {
  Network network;
  const std::vector<float> means = {0.5f, -0.5f, 0.25f, -1.0f, 0.125f}, scales = {-3.0f, -2.0f};
  std::vector<double> ratios;
  std::size_t next = 0;
  for (const std::string layer : {"hidden", "logits"}) {
    const auto mu = network.values(layer + "/kernel_posterior_loc");
    const auto u = network.values(layer + "/kernel_posterior_untransformed_scale");
    for (std::size_t i = 0; i < mu.size(); ++i, ++next) {
      mu[i] = means[next % means.size()];
      u[i] = scales[next / 7 % scales.size()];
      ratios.push_back(std::fabs(static_cast<double>(mu[i])) /
                       exact_sigma(static_cast<double>(u[i])));
    }
  }
  REQUIRE(ratios.size() == 24 + 15);
  const AlignedArray original = copy_of(network.parameters);
  const PruningOrder order(network.graph.layout(), network.parameters);
  CHECK(order.size() == ratios.size());
  // By hand: again and again the first of the smallest that are left. The ratios are equal or far
  // apart, so that the rounding of scales does not matter.
  std::vector<bool> expected(ratios.size(), false);
  for (std::size_t count = 0; count <= ratios.size(); ++count) {
    std::copy_n(original.data(), original.size(), network.parameters.data());
    order.prune(count, network.parameters);
    CHECK(removed_weights(network) == expected);
    std::size_t smallest = ratios.size();
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < ratios.size(); ++i) {
      if (!expected[i] && ratios[i] < least * (1 - 1e-9)) {
        least = ratios[i];
        smallest = i;
      }
    }
    if (smallest < ratios.size()) expected[smallest] = true;
  }
}

TEST_CASE("pruning nothing changes no bit, and pruning leaves everything else alone") {
  Network network;
  const AlignedArray original = copy_of(network.parameters);
  const PruningOrder order(network.graph.layout(), network.parameters);
  order.prune(0, network.parameters);
  CHECK(same_bits(network.parameters.span(), original.span()));
  order.prune(order.size() + 100, network.parameters);
  for (const bool removed : removed_weights(network)) CHECK(removed);
  for (const std::string name :
       {"hidden/bias_posterior_loc", "plain/kernel", "plain/bias", "logits/bias_posterior_loc"}) {
    const Slice slice = network.graph.layout().find(name)->slice;
    CHECK(same_bits(network.values(name), original.span().subspan(slice.offset, slice.size)));
  }
}

TEST_CASE("a share is rounded to whole weights") {
  const Network network;
  const PruningOrder order(network.graph.layout(), network.parameters);
  CHECK(order.count(0.0) == 0);
  CHECK(order.count(1.0) == 39);
  CHECK(order.count(0.5) == 20);  // 19.5
  CHECK(order.count(0.012) == 0);
  CHECK(order.count(0.013) == 1);
}

TEST_CASE("without its random weights a network computes what its biases say") {
  Network network;
  const std::vector<float> bias = {0.5f, -1.0f, 0.25f};
  std::copy(bias.begin(), bias.end(), network.values("logits/bias_posterior_loc").begin());
  const PruningOrder order(network.graph.layout(), network.parameters);
  order.prune(order.size(), network.parameters);
  const Dataset data = random_dataset({2, 3, 1, false}, 3, 20, 4);
  const Standardizer standardizer(plain_pixels(data.shape()));
  ThreadPool pool(1);
  const SoftmaxClassifier likelihood = classifier_of(network.graph);
  Predictor predictor(network.graph, likelihood, network.parameters, {.samples = 3, .seed = 1},
                      pool);
  double total = 0;
  for (const float b : bias) total += std::exp(static_cast<double>(b));
  predictor.predict(data, standardizer, indices(20), [&](const PredictedBlock& block) {
    for (std::size_t i = 0; i < block.predictions.size(); ++i) {
      const double expected = std::exp(static_cast<double>(bias[i % 3])) / total;
      CHECK(block.predictions[i] == Approx(expected).epsilon(1e-5));
    }
  });
}

TEST_CASE("bnn-eval --prune gives a point for each share, from the network itself to none") {
  const TrainedRun tiny;
  const ProgramRun run = tiny.eval({"--prune", "0", "0.5", "1", "--format", "json"});
  INFO(run.err);
  REQUIRE(run.exit_code == 0);
  const Json result = bnn::testing::parsed(run.out);
  const Json points = result.at("pruning");
  REQUIRE(points.size() == 3);
  CHECK(keys_of(points[0]) == std::vector<std::string>{"kept", "accuracy", "nll", "ece"});
  // 3 * 3 * 2 weights of the convolution and 3 * 3 * 2 * 10 of the dense layer.
  CHECK(points[0].at("kept") == 1.0);
  CHECK(points[1].at("kept") == 0.5);
  CHECK(points[2].at("kept") == 0.0);
  for (const char* key : {"accuracy", "nll", "ece"}) {
    CHECK(points[0].at(key) == result.at(key));
    CHECK(points[1].at("nll") != result.at("nll"));
  }
  // Without weights every image gets the same class.
  std::vector<double> shares(10, 0.0);
  for (const Json& one : result.at("per_class")) {
    shares[one.at("class").get<std::size_t>()] = one.at("examples").get<double>() / 37;
  }
  CHECK(std::find(shares.begin(), shares.end(), points[2].at("accuracy").get<double>()) !=
        shares.end());
  const std::string text = tiny.eval({"--prune", "0.5"}).out;
  char expected[64];
  std::snprintf(expected, sizeof expected, "  0.5000       %.4f",
                points[1].at("accuracy").get<double>());
  CAPTURE(text);
  CHECK(text.find(expected) != std::string::npos);
}

TEST_CASE("what cannot be pruned is refused with a sentence") {
  const TrainedRun tiny;
  for (const char* share : {"1.5", "-0.1", "nan", "half"}) {
    CAPTURE(share);
    check_failure(tiny.eval({"--prune", share}), "bnn-eval", 2, "--prune");
  }
  check_failure(tiny.eval({tiny.last(), "--prune", "0.5"}), "bnn-eval", 2, "one checkpoint");
  Json config = tiny_config();
  config["model"]["layers"][0]["type"] = "conv2d";
  config["model"]["layers"][3]["type"] = "dense";
  const TrainedRun plain(config, {"--max-steps", "1"});
  check_failure(plain.eval({"--prune", "0.5"}), "bnn-eval", 2, "no weight of this network");
}

}  // namespace bnn::testing
