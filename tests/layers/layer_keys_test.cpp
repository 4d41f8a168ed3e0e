#include <catch2/catch.hpp>

#include "bnn/layers/read_layer.h"

using namespace bnn;

TEST_CASE("a layer's keys say which of them describe variables") {
  const LayerKeys& conv = layer_keys({{"type", "conv2d_flipout"}});
  for (const char* key : {"filters", "kernel_size", "estimator", "trainable", "seed",
                          "kernel_posterior_fn", "bias_prior_fn", "bias_posterior_tensor_fn"}) {
    INFO(key);
    CHECK(conv.all.count(key) == 1);
    CHECK(conv.of_variables.count(key) == 1);
  }
  for (const char* key : {"type", "name", "inputs", "reuse", "strides", "padding", "dilation_rate",
                          "activation", "data_format", "activity_regularizer"}) {
    INFO(key);
    CHECK(conv.all.count(key) == 1);
    CHECK(conv.of_variables.count(key) == 0);
  }
  CHECK(layer_keys({{"type", "dense"}}).of_variables ==
        std::set<std::string>{"bias_constraint", "bias_initializer", "bias_regularizer",
                              "kernel_constraint", "kernel_initializer", "kernel_regularizer",
                              "seed", "trainable", "units", "use_bias"});
}

TEST_CASE("the keys of every kernel of a layer describe variables") {
  const LayerKeys& separable = layer_keys({{"type", "separable_conv2d_flipout"}});
  for (const char* key : {"filters", "kernel_size", "depth_multiplier", "depthwise_posterior_fn",
                          "depthwise_prior_fn", "pointwise_posterior_tensor_fn",
                          "pointwise_divergence_fn", "bias_prior_fn", "estimator"}) {
    INFO(key);
    CHECK(separable.of_variables.count(key) == 1);
  }
  CHECK(separable.all.count("kernel_prior_fn") == 0);
  CHECK(layer_keys({{"type", "depthwise_conv2d"}}).of_variables.count("depthwise_initializer") ==
        1);
  CHECK(layer_keys({{"type", "conv2d_transpose"}}).of_variables.count("output_padding") == 0);
}

TEST_CASE("a layer of a misspelt type has the keys of the type that was meant") {
  CHECK(layer_keys({{"type", "dropuot"}}).all.count("rate") == 1);
  CHECK(layer_keys({{"type", "?"}}).all.empty());
  CHECK(layer_keys(Json::object()).all.empty());
}
