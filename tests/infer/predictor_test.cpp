#include "bnn/infer/predictor.h"

#include <algorithm>
#include <cmath>
#include <map>

#include <catch2/catch.hpp>

#include "support/naive_flipout.h"

using namespace bnn;
using namespace bnn::testing;

namespace {

// 7 x 7 and 2 x 2 maps, so all forms of the convolution, and products wide enough that the bits
// of a row depend on its place in them (OpenBLAS's kernels for AVX2 do that).
const std::string kConv = R"({"input": {"height": 7, "width": 7, "channels": 1}, "layers": [
    {"type": "conv2d_flipout", "name": "conv", "filters": 8, "kernel_size": 3, "padding": "same",
     "activation": "relu", "bias_posterior_fn": {"is_singular": false}},
    {"type": "conv2d_flipout", "name": "winograd", "filters": 16, "kernel_size": 3,
     "padding": "same", "activation": "relu"},
    {"type": "max_pooling2d", "pool_size": 3},
    {"type": "conv2d_flipout", "name": "small", "filters": 21, "kernel_size": 3, "padding": "same",
     "activation": "tanh"},
    {"type": "flatten"},
    {"type": "dense_flipout", "name": "hidden", "units": 67, "activation": "tanh"},
    {"type": "dense_flipout", "name": "logits", "units": 3}]})";
const Shape kConvShape{7, 7, 1, false};

const std::string kDense = R"({"input": {"height": 2, "width": 3, "channels": 1}, "layers": [
    {"type": "flatten"},
    {"type": "dense_flipout", "name": "hidden", "units": 4, "activation": "tanh"},
    {"type": "dense_flipout", "name": "logits", "units": 3,
     "bias_posterior_fn": {"is_singular": false}}]})";
const Shape kDenseShape{2, 3, 1, false};

// Probabilities of every example asked for: [sample][class].
using Probabilities = std::map<std::uint32_t, std::vector<std::vector<float>>>;

struct Network {
  Graph graph;
  AlignedArray parameters;

  explicit Network(const std::string& model)
      : graph(make_graph(model)), parameters(graph.layout().size()) {
    initialize_parameters(graph.layout(), 3, parameters);
    // Wide posteriors, so that samples differ.
    for (const RandomTensor& tensor : graph.layout().random_tensors()) {
      const Slice slice = graph.layout().variables()[tensor.untransformed_scale].slice;
      for (float& u : parameters.span().subspan(slice.offset, slice.size)) u = -0.5f;
    }
  }

  Probabilities predict(const Dataset& data, const std::vector<std::uint32_t>& examples,
                        const PredictionSpec& spec, int threads = 1) const {
    const Standardizer standardizer(plain_pixels(data.shape()));
    ThreadPool pool(threads);
    const SoftmaxClassifier likelihood = classifier_of(graph);
    Predictor predictor(graph, likelihood, parameters, spec, pool);
    Probabilities all;
    std::size_t next = 0;
    predictor.predict(data, standardizer, examples, [&](const PredictedBlock& block) {
      CHECK(block.first == next);
      next += block.examples.size();
      const auto classes = static_cast<std::size_t>(graph.outputs());
      REQUIRE(block.predictions.size() ==
              static_cast<std::size_t>(spec.passes()) * block.examples.size() * classes);
      for (std::size_t i = 0; i < block.predictions.size(); i += classes) {
        const auto p = block.predictions.subspan(i, classes);
        all[block.examples[i / classes % block.examples.size()]].emplace_back(p.begin(), p.end());
      }
    });
    CHECK(next == examples.size());
    return all;
  }
};

const PredictionSpec kThreeSamples{.samples = 3, .seed = 17};

}  // namespace

TEST_CASE("each sample of a dense network agrees with plain loops in double") {
  const Network network(kDense);
  const Dataset data = random_dataset(kDenseShape, 3, 20, 4);
  const Probabilities found = network.predict(data, indices(20), kThreeSamples);
  NaiveFlipout naive(network.graph,
                     {naive_dense("hidden", 2, 6, 4, true), naive_dense("logits", 3, 4, 3, false)});
  const Flat p(network.parameters.span().begin(), network.parameters.span().end());
  for (std::uint32_t sample = 0; sample < 3; ++sample) {
    naive.draw(
        p, {17, sample, Site::predict_noise, Site::predict_sign_input, Site::predict_sign_output});
    for (std::uint32_t i = 0; i < 20; ++i) {
      const Flat exact = naive_softmax(naive.forward(p, naive_image(data, i), i));
      for (std::size_t k = 0; k < 3; ++k)
        CHECK(found.at(i)[sample][k] == Approx(exact[k]).epsilon(1e-5));
    }
  }
}

TEST_CASE("mean weights give one deterministic pass without noise") {
  const Network network(kDense);
  const Dataset data = random_dataset(kDenseShape, 3, 20, 4);
  const PredictionSpec spec{.samples = 8, .mean_weights = true, .seed = 17};
  CHECK(spec.passes() == 1);
  const Probabilities found = network.predict(data, indices(20), spec);
  NaiveFlipout naive(network.graph,
                     {naive_dense("hidden", 2, 6, 4, true), naive_dense("logits", 3, 4, 3, false)});
  const Flat p(network.parameters.span().begin(), network.parameters.span().end());
  naive.draw(p, {.noise = false});
  for (std::uint32_t i = 0; i < 20; ++i) {
    REQUIRE(found.at(i).size() == 1);
    const Flat exact = naive_softmax(naive.forward(p, naive_image(data, i), i));
    for (std::size_t k = 0; k < 3; ++k) CHECK(found.at(i)[0][k] == Approx(exact[k]).epsilon(1e-5));
  }
  CHECK(network.predict(data, indices(20), {.mean_weights = true, .seed = 18}) == found);
}

TEST_CASE("the average over samples approaches the exact predictive distribution") {
  // One layer, two classes: the difference of the logits is normal, with mean x (mu1 - mu0) and
  // variance x² (sigma1² + sigma0²) summed over the inputs.
  const Network network(R"({"input": {"height": 1, "width": 2, "channels": 2}, "layers": [
      {"type": "flatten"}, {"type": "dense_flipout", "name": "logits", "units": 2}]})");
  const Dataset data = random_dataset({1, 2, 2, false}, 2, 3, 6);
  constexpr int kSamples = 4000;
  const Probabilities found =
      network.predict(data, indices(3), {.samples = kSamples, .seed = 1}, 2);
  const auto value = [&](const std::string& name, std::size_t i) {
    const auto& layout = network.graph.layout();
    const std::size_t variable = variable_index(layout, "logits/" + name);
    return static_cast<double>(
        network.parameters.data()[layout.variables()[variable].slice.offset + i]);
  };
  for (std::uint32_t example = 0; example < 3; ++example) {
    double mean = value("bias_posterior_loc", 1) - value("bias_posterior_loc", 0), variance = 0;
    const Flat x = naive_image(data, example);
    for (std::size_t i = 0; i < 4; ++i) {
      mean +=
          x[i] * (value("kernel_posterior_loc", 2 * i + 1) - value("kernel_posterior_loc", 2 * i));
      variance += 2 * x[i] * x[i] * std::pow(NaiveFlipout::sigma(-0.5), 2);
    }
    double exact = 0, norm = 0;
    for (double z = -8; z <= 8; z += 0.01) {
      const double density = std::exp(-0.5 * z * z);
      norm += density;
      exact += density / (1 + std::exp(-(mean + std::sqrt(variance) * z)));
    }
    exact /= norm;
    double sum = 0, squares = 0;
    for (const auto& p : found.at(example)) {
      sum += static_cast<double>(p[1]);
      squares += static_cast<double>(p[1]) * static_cast<double>(p[1]);
    }
    const double average = sum / kSamples;
    const double error = std::sqrt((squares / kSamples - average * average) / kSamples);
    CHECK(error > 1e-4);
    CHECK(std::fabs(average - exact) < 5 * error);
  }
}

TEST_CASE("samples, seeds and examples draw their own noise") {
  const Network network(kConv);
  Dataset data = random_dataset(kConvShape, 3, 40, 5);
  std::ranges::copy(data.image(0), data.writable_image(1).begin());  // two equal images
  const Probabilities found = network.predict(data, indices(40), kThreeSamples);
  for (const auto& [example, p] : found) {
    CHECK(p[0] != p[1]);
    CHECK(p[1] != p[2]);
  }
  CHECK(found.at(0) != found.at(1));
  CHECK(network.predict(data, indices(40), {.samples = 3, .seed = 18}).at(7) != found.at(7));
  // The first samples are the same however many follow.
  const Probabilities more = network.predict(data, indices(40), {.samples = 5, .seed = 17});
  for (std::size_t s = 0; s < 3; ++s) CHECK(more.at(7)[s] == found.at(7)[s]);
}

TEST_CASE("probabilities depend on neither the other examples, their order nor the threads") {
  // Not a multiple of a group.
  const Network network(kConv);
  const Dataset data = random_dataset(kConvShape, 3, 533, 5);
  for (const auto& [mean, products] : {std::pair(false, ProductsKind::own),
                                       {true, ProductsKind::own},
                                       {false, ProductsKind::openblas},
                                       {true, ProductsKind::openblas}}) {
    PredictionSpec spec = kThreeSamples;
    spec.mean_weights = mean;
    spec.products = Products(products);
    const Probabilities all = network.predict(data, indices(533), spec);
    REQUIRE(all.size() == 533);
    for (int threads : {2, 3, 4}) CHECK(network.predict(data, indices(533), spec, threads) == all);
    auto reversed = indices(533);
    std::reverse(reversed.begin(), reversed.end());
    CHECK(network.predict(data, reversed, spec) == all);
    for (const std::vector<std::uint32_t>& part : {std::vector<std::uint32_t>{532},
                                                   {5, 17, 400},
                                                   indices(16, 100),
                                                   indices(17, 3),
                                                   indices(31, 77),
                                                   indices(33, 1),
                                                   indices(65, 200)}) {
      const Probabilities some = network.predict(data, part, spec, 2);
      CHECK(some.size() == part.size());
      for (const auto& [example, p] : some) CHECK(p == all.at(example));
    }
  }
}

TEST_CASE("a long list comes in several blocks, in order, with the same numbers") {
  const Network network(kDense);
  const Dataset data = random_dataset(kDenseShape, 3, 4500, 5);
  const Probabilities all = network.predict(data, indices(4500), kThreeSamples, 2);
  REQUIRE(all.size() == 4500);
  for (std::uint32_t example : {0u, 511u, 512u, 2047u, 2048u, 4499u}) {
    CHECK(network.predict(data, {example}, kThreeSamples).at(example) == all.at(example));
  }
}

TEST_CASE("probabilities do not depend on the order of files") {
  const Network network(kConv);
  const Dataset images = random_dataset(kConvShape, 3, 50, 5);
  RawImages raw{{images.pixels().begin(), images.pixels().end()}};
  const Dataset forward(kConvShape, 3, raw, {{"a.bin", 19}, {"b.bin", 31}});
  std::rotate(raw.pixels.begin(), raw.pixels.begin() + 19 * 49, raw.pixels.end());
  const Dataset backward(kConvShape, 3, raw, {{"b.bin", 31}, {"a.bin", 19}});
  for (const ProductsKind products : {ProductsKind::own, ProductsKind::openblas}) {
    PredictionSpec spec = kThreeSamples;
    spec.products = Products(products);
    const Probabilities first = network.predict(forward, indices(50), spec);
    const Probabilities second = network.predict(backward, indices(50), spec);
    for (std::uint32_t i = 0; i < 50; ++i) CHECK(first.at(i) == second.at((i + 31) % 50));
  }
}

TEST_CASE("predicting nothing visits nothing, and parameters may change between calls") {
  Network network(kDense);
  const Dataset data = random_dataset(kDenseShape, 3, 5, 4);
  CHECK(network.predict(data, {}, kThreeSamples).empty());
  const Standardizer standardizer(plain_pixels(kDenseShape));
  ThreadPool pool(1);
  const SoftmaxClassifier likelihood = classifier_of(network.graph);
  Predictor predictor(network.graph, likelihood, network.parameters, kThreeSamples, pool);
  std::vector<std::vector<float>> calls;
  const auto examples = indices(5);
  for (int call = 0; call < 3; ++call) {
    if (call == 2) network.parameters.data()[0] += 0.5f;
    predictor.predict(data, standardizer, examples, [&](const PredictedBlock& block) {
      calls.emplace_back(block.predictions.begin(), block.predictions.end());
    });
  }
  CHECK(calls[0] == calls[1]);
  CHECK(calls[1] != calls[2]);
}
