// Scores for images of another kind: closed forms, and what a predictor hands on.

#include "bnn/infer/outlier_scores.h"

#include <cmath>

#include <catch2/catch.hpp>

#include "bnn/infer/class_summaries.h"
#include "bnn/infer/ensemble_predictor.h"
#include "bnn/infer/ood.h"
#include "support/model_fixtures.h"

namespace bnn::testing {
namespace {

// The features are the eight numbers of the hidden layer. The layers after the last one with
// weights would take their memory, if they were not kept.
const std::string kModel = R"({"input": {"height": 3, "width": 3, "channels": 1}, "layers": [
    {"type": "flatten"},
    {"type": "dense_flipout", "name": "first", "units": 4, "activation": "tanh"},
    {"type": "dense_flipout", "name": "hidden", "units": 8, "activation": "tanh"},
    {"type": "dense_flipout", "name": "logits", "units": 3}, {"type": "activation",
     "activation": "softplus"}, {"type": "activation", "activation": "softplus"}]})";
const Shape kShape{3, 3, 1, false};

struct SmallNetwork {
  Graph graph = make_graph(kModel);
  SoftmaxClassifier likelihood = classifier_of(graph);
  AlignedArray parameters{graph.layout().size()};

  explicit SmallNetwork(std::uint64_t seed = 3) {
    initialize_parameters(graph.layout(), seed, parameters);
  }
};

double softplus(double x) { return std::log1p(std::exp(x)); }

// Outputs and features, one after the other.
class EverythingScorer : public PassScorer {
 public:
  std::size_t size() const override { return 3 + 8; }
  void score(const PassView& pass, std::span<float> scores) const override {
    REQUIRE(pass.outputs.size() == pass.images * 3);
    REQUIRE(pass.features.size() == pass.images * 8);
    for (std::size_t i = 0; i < pass.images; ++i) {
      std::copy_n(pass.outputs.data() + i * 3, 3, scores.data() + i * size());
      std::copy_n(pass.features.data() + i * 8, 8, scores.data() + i * size() + 3);
    }
  }
};

struct Scored {
  std::vector<float> scores;  // of all blocks, one after the other
  std::vector<Summary> summaries;
};

Scored run(const std::vector<EnsembleMember>& members, const SoftmaxClassifier& likelihood,
           const Dataset& data, const std::vector<std::uint32_t>& examples, int threads = 1) {
  ThreadPool pool(threads);
  EnsemblePredictor predictor(likelihood, members, pool);
  Scored result;
  predictor.predict(data, examples, [&](const PredictedBlock& block) {
    result.scores.insert(result.scores.end(), block.scores.begin(), block.scores.end());
    if (block.score_width > kOutlierScores.size()) return;
    for (const Summary& one : summaries_of(block, pool)) result.summaries.push_back(one);
  });
  return result;
}

ClassGaussians unit_gaussians(float at) {
  ClassGaussians gaussians{.classes = 1, .features = 8, .counts = {1}};
  gaussians.means.assign(8, at);
  gaussians.whitening.assign(64, 0);
  for (std::size_t i = 0; i < 8; ++i) gaussians.whitening[i * 9] = 1;
  return gaussians;
}

}  // namespace

TEST_CASE("energy and maximum logit in closed form") {
  CHECK(energy(std::vector<float>{0, 0, 0, 0}) == Approx(-std::log(4.0)));
  CHECK(energy(std::vector<float>{std::log(2.0f), std::log(3.0f)}) == Approx(-std::log(5.0)));
  CHECK(energy(std::vector<float>{1000, 0}) == -1000);
  CHECK(energy(std::vector<float>{-1000, -1000}) == Approx(1000 - std::log(2.0)));
  CHECK(max_logit(std::vector<float>{-3, -1.5, -2}) == -1.5);
}

TEST_CASE("a predictor hands the outputs and the features of each pass to its scorer") {
  const SmallNetwork network;
  const Dataset data = random_dataset(kShape, 3, 70, 1);
  const EverythingScorer everything;
  const Standardization plain = plain_pixels(kShape);
  const PredictionSpec spec{.samples = 2, .seed = 9};
  const EnsembleMember member{network.graph, network.parameters, plain, spec, &everything};
  ThreadPool pool(2);
  EnsemblePredictor predictor(network.likelihood, {member}, pool);
  predictor.predict(data, indices(70), [&](const PredictedBlock& block) {
    REQUIRE(block.score_width == 11);
    REQUIRE(block.scores.size() == 2 * 70 * 11);
    for (std::size_t row = 0; row < 2 * 70; ++row) {
      // The probabilities are the softmax of these outputs.
      std::vector<float> p(3);
      network.likelihood.predict(block.scores.subspan(row * 11, 3), p);
      CHECK(same_bits(p, block.predictions.subspan(row * 3, 3)));
      for (const float f : block.scores.subspan(row * 11 + 3, 8)) CHECK(std::abs(f) < 1);
    }
    CHECK(block.scores[3] != block.scores[70 * 11 + 3]);  // another sample of the weights
  });
}

TEST_CASE("features are what the last layer reads") {
  const SmallNetwork network;
  const std::optional<FeatureNode> features = find_features(network.graph);
  REQUIRE(features.has_value());
  CHECK(features->size == 8);
  // At the mean weights, the outputs follow from them.
  const EverythingScorer everything;
  const Standardization plain = plain_pixels(kShape);
  const Dataset data = random_dataset(kShape, 3, 1, 1);
  const std::vector<float> row =
      run({{network.graph, network.parameters, plain, {.mean_weights = true}, &everything}},
          network.likelihood, data, {0})
          .scores;
  const ParameterLayout& layout = network.graph.layout();
  const auto values = [&](const std::string& name) {
    return network.parameters.data() +
           layout.variables()[variable_index(layout, name)].slice.offset;
  };
  const float* kernel = values("logits/kernel_posterior_loc");
  const float* bias = values("logits/bias_posterior_loc");
  for (std::size_t k = 0; k < 3; ++k) {
    double logit = static_cast<double>(bias[k]);
    for (std::size_t i = 0; i < 8; ++i) {
      logit += static_cast<double>(row[3 + i]) * static_cast<double>(kernel[i * 3 + k]);
    }
    CHECK(static_cast<double>(row[k]) == Approx(softplus(softplus(logit))).epsilon(1e-5));
  }
}

TEST_CASE("features lie before the last dense or convolution layer, whatever follows it") {
  const auto size_of = [](const std::string& last_layers) {
    const Graph graph = make_graph(
        R"({"input": {"height": 4, "width": 4, "channels": 1}, "layers": [
            {"type": "conv2d", "filters": 6, "kernel_size": 3, "padding": "same"},
            {"type": "global_average_pooling2d"}, )" +
        last_layers + "]}");
    const std::optional<FeatureNode> features = find_features(graph);
    return features ? features->size : 0;
  };
  const std::string dense = R"({"type": "dense", "units": 3})";
  CHECK(size_of(dense) == 6);
  for (const char* type : {"batch_normalization", "prelu"}) {
    CHECK(size_of(dense + R"(, {"type": ")" + type + R"("})") == 6);
  }
  CHECK(size_of(R"({"type": "activation", "activation": "relu"})") == 16);
  CHECK(size_of(R"({"type": "dense", "units": 3, "name": "a"}, {"type": "dense", "units": 3,
                    "name": "b"}, {"type": "add", "inputs": ["a", "b"]})") == 0);
}

TEST_CASE("a summary has the mean of the passes' scores, over the members of an ensemble too") {
  const SmallNetwork a(3), b(4);
  const Dataset data = random_dataset(kShape, 3, 40, 1);
  const Standardization plain = plain_pixels(kShape);
  const ClassGaussians near = unit_gaussians(0), far = unit_gaussians(2);
  const OutlierScorer near_scorer(&near), far_scorer(&far);
  const EnsembleMember first{a.graph, a.parameters, plain, {.samples = 3, .seed = 1}, &near_scorer};
  const EnsembleMember second{b.graph, b.parameters, plain, {.samples = 3, .seed = 2}, &far_scorer};
  const auto examples = indices(40);
  const Scored one = run({first}, a.likelihood, data, examples);
  const Scored two = run({second}, a.likelihood, data, examples);
  const Scored both = run({first, second}, a.likelihood, data, examples, 3);
  for (std::size_t i = 0; i < 40; ++i) {
    double energy_sum = 0, distance_sum = 0;
    for (std::size_t s = 0; s < 3; ++s) {
      energy_sum += static_cast<double>(one.scores[(s * 40 + i) * 3]);
      distance_sum += static_cast<double>(one.scores[(s * 40 + i) * 3 + 2]);
    }
    CHECK(one.summaries[i].energy == Approx(energy_sum / 3));
    CHECK(one.summaries[i].mahalanobis == Approx(distance_sum / 3));
    CHECK(one.summaries[i].mahalanobis < 8);  // of eight numbers in (-1, 1)
    for (const OutlierScore& score : kOutlierScores) {
      CHECK(both.summaries[i].*score.value ==
            Approx((one.summaries[i].*score.value + two.summaries[i].*score.value) / 2));
    }
  }
}

TEST_CASE("outlier scores have the same bits over threads and calls") {
  const SmallNetwork network;
  const Dataset data = random_dataset(kShape, 3, 75, 1);
  const Standardization plain = plain_pixels(kShape);
  const ClassGaussians gaussians = unit_gaussians(0.5);
  const OutlierScorer scorer(&gaussians);
  const EnsembleMember member{
      network.graph, network.parameters, plain, {.samples = 2, .seed = 1}, &scorer};
  const Scored all = run({member}, network.likelihood, data, indices(75), 1);
  CHECK(same_bits(run({member}, network.likelihood, data, indices(75), 3).scores, all.scores));
  const Scored part = run({member}, network.likelihood, data, {70, 3});
  CHECK(part.summaries[0].mahalanobis == all.summaries[70].mahalanobis);
  CHECK(part.summaries[1].energy == all.summaries[3].energy);
}

TEST_CASE("passes without a scorer have no outlier scores") {
  const SmallNetwork network;
  const Dataset data = random_dataset(kShape, 3, 2, 1);
  const Standardization plain = plain_pixels(kShape);
  const Scored plainly = run({{network.graph, network.parameters, plain, {.samples = 2}}},
                             network.likelihood, data, {0, 1});
  CHECK(plainly.scores.empty());
  OodScores inside, outside;
  inside.add(plainly.summaries[0]);
  outside.add(plainly.summaries[1]);
  const OodMetrics metrics = ood_metrics(inside, outside);
  CHECK(metrics.predictive_entropy.has_value());
  CHECK_FALSE(metrics.energy.has_value());
  CHECK_FALSE(metrics.mahalanobis.has_value());
}

TEST_CASE("a high energy, a low maximum logit and a large distance mean out") {
  Summary in, out;
  in.energy = -5, in.max_logit = 5, in.mahalanobis = 1;
  out.energy = -1, out.max_logit = 1, out.mahalanobis = 50;
  OodScores inside, outside;
  inside.add(in);
  outside.add(out);
  const OodMetrics metrics = ood_metrics(inside, outside);
  CHECK(metrics.energy->auroc == 1);
  CHECK(metrics.max_logit->auroc == 1);
  CHECK(metrics.mahalanobis->auroc == 1);
}

}  // namespace bnn::testing
