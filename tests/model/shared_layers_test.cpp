// Layers that reuse the variables of another: one set of parameters, one KL, the sum of the
// gradients, the same weights for the same example.

#include <algorithm>

#include <catch2/catch.hpp>

#include "bnn/model/summary_table.h"
#include "support/execution_fixture.h"
#include "support/layer_fixture.h"
#include "support/trainer_fixture.h"

using namespace bnn;
using namespace bnn::testing;
using Catch::Matchers::Contains;

namespace {

const std::string kInput = R"({"input": {"height": 4, "width": 4, "channels": 2}, "layers": [)";

// One convolution applied twice, one dense layer twice over the same and over another input.
std::string shared_model(const std::string& estimator) {
  const std::string key = estimator_key(estimator);
  return kInput + R"({"type": "conv2d_flipout", "name": "conv", "filters": 2, "kernel_size": 3,
                      "padding": "same", "activation": "swish")" +
         key + kSampledBias +
         R"(}, {"type": "conv2d_flipout", "name": "conv", "filters": 2, "kernel_size": 3,
                "padding": "same", "activation": "swish", "reuse": true},
         {"type": "average_pooling2d", "pool_size": 2}, {"type": "flatten"},
         {"type": "dense_flipout", "name": "dense", "units": 8, "activation": "tanh")" +
         key + kSampledBias +
         R"(}, {"type": "dense_flipout", "name": "dense", "units": 8,
                "reuse": true},
         {"type": "dense_flipout", "name": "dense", "reuse": true},
         {"type": "dense", "name": "logits", "units": 3}]})";
}

std::string reuse_error(const std::string& first, const std::string& second) {
  return error_message(ErrorKind::config, [&] {
    make_graph(kInput + first + R"(, {"type": "flatten"},)" + second + "]}");
  });
}

const std::string kDense = R"({"type": "dense_flipout", "name": "shared", "units": 3)";

}  // namespace

TEST_CASE("the gradient of a layer used several times is the sum over its uses") {
  for (const std::string& estimator : kEstimators) {
    INFO(estimator);
    check_gradients(shared_model(estimator), 3);
  }
  check_gradients(kInput + R"({"type": "flatten"},
      {"type": "dense", "name": "twice", "units": 32, "activation": "tanh"},
      {"type": "dense", "name": "twice", "reuse": true, "activation": "tanh"},
      {"type": "dense", "name": "logits", "units": 3}]})",
                  9);
}

TEST_CASE("a shared layer's parameters and KL count once") {
  for (const std::string& estimator : kEstimators) {
    INFO(estimator);
    TrainerFixture f(shared_model(estimator), small_spec());
    CHECK(f.graph.layout().parameters() == 2 * (3 * 3 * 2 * 2 + 2) + 2 * (8 * 8 + 8) + 8 * 3 + 3);
    CHECK(divergences(f.graph) == 2);
    const double expected = exact_kl(f, "conv/kernel") + exact_kl(f, "dense/kernel");
    CHECK(f.trainer.kl() == Approx(expected).epsilon(1e-6));
    CHECK(summary_table(f.graph).find("dense_1") != std::string::npos);
  }
}

TEST_CASE("both uses of a layer see the same weights for one example") {
  for (const std::string& estimator : kEstimators) {
    for (const std::string seed : {"", R"(, "seed": 3)"}) {
      INFO(estimator << seed);
      const Graph graph = make_graph(kInput + R"({"type": "flatten", "name": "flat"},
          {"type": "dense_flipout", "name": "a", "units": 5, "inputs": ["flat"])" +
                                     estimator_key(estimator) + seed + R"(},
          {"type": "dense_flipout", "name": "a", "inputs": ["flat"], "reuse": true},
          {"type": "concatenate", "inputs": ["a", "a_1"]}]})");
      const auto logits = inference_logits(Batch(graph));
      for (std::size_t b = 0; b < kBatchExamples; ++b) {
        const std::span<const float> row(logits.data() + 10 * b, 10);
        CHECK(std::equal(row.begin(), row.begin() + 5, row.begin() + 5));
      }
    }
  }
}

TEST_CASE("layers that cannot share variables are refused") {
  const auto again = [](const std::string& more) {
    return kDense + R"(, "reuse": true)" + more + "}";
  };
  const auto pair = [&](const std::string& first, const std::string& second) {
    return reuse_error(R"({"type": "activation", "activation": "relu"})", first + "," + second);
  };
  CHECK_THAT(pair(kDense + "}", again("")),
             Contains("cannot share the variable \"shared/kernel_posterior_loc\"") &&
                 Contains("[32, 3]") && Contains("[3, 3]") && Contains("shared_1"));
  CHECK_THAT(pair(R"({"type": "dense", "units": 4})", again("")),
             Contains("there is no layer named \"shared\" before this one"));
  CHECK_THAT(pair(kDense + "}", kDense + "}"),
             Contains("two layers") && Contains("\"reuse\": true"));
  CHECK_THAT(
      pair(R"({"type": "dense", "name": "shared", "units": 3})", again("")),
      Contains("the original's type") && Contains("\"dense_flipout\"") && Contains("\"dense\""));
  const std::string square = R"({"type": "dense_flipout", "name": "shared", "units": 32)";
  for (const std::string more :
       {R"(, "kernel_prior_fn": {"scale": 2})", R"(, "kernel_prior_fn": null)",
        R"(, "estimator": "independent")", R"(, "bias_posterior_fn": null)",
        R"(, "trainable": false)", R"(, "seed": 1)", R"(, "kernel_posterior_tensor_fn": "mean")",
        R"(, "kernel_divergence_fn": {"type": "monte_carlo"})",
        R"(, "kernel_posterior_fn": {"preset": "r1_6"})"}) {
    INFO(more);
    CHECK_THAT(pair(square + "}", square + R"(, "reuse": true)" + more + "}"),
               Contains("/reuse: ") && Contains("differ from the original's"));
  }
  CHECK(pair(square + "}", square + R"(, "reuse": true, "kernel_prior_fn": {"scale": 1}})") ==
        "no error");
}

TEST_CASE("the uses of a batch normalisation have one momentum, that of the first") {
  const std::string norm = R"({"type": "batch_normalization", "name": "n")";
  const std::string first = norm + R"(, "momentum": 0.9}, )";
  const auto error = [&](const std::string& more) {
    return reuse_error(first + norm + R"(, "reuse": true)" + more + "}",
                       R"({"type": "dense", "units": 3})");
  };
  CHECK(error("") == "no error");
  CHECK(error(R"(, "epsilon": 0.1, "momentum": 0.9)") == "no error");
  CHECK_THAT(error(R"(, "momentum": 0.5)"),
             Contains("\"momentum\"") && Contains("differ from the original's"));
}
