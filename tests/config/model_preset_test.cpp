#include "bnn/config/model_preset.h"

#include <map>

#include <catch2/catch.hpp>

#include "bnn/config/run_config.h"
#include "bnn/core/error.h"
#include "support/json_document.h"

namespace bnn {
namespace {

using Catch::Matchers::Contains;

Json preset(const std::string& name, const std::string& estimator = "flipout") {
  return {{"preset", name}, {"estimator", estimator}};
}

Graph graph_of(const Json& model) {
  const Json document = {{"data", {{"format", "cifar"}}}, {"model", model}};
  return make_graph(read_run_config(document, "here", ErrorKind::internal), "here",
                    ErrorKind::internal);
}

std::string problem(const Json& model) {
  try {
    expand_preset(model, {8, 8, 1}, 3, "here");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::config);
    return error.what();
  }
  return "";
}

TEST_CASE("every preset is a network of every estimator, for images of any size") {
  for (const std::string& name : preset_names()) {
    for (const std::string& estimator : preset_estimators()) {
      for (const Shape& shape : {Shape{1, 1, 1}, {8, 8, 1}, {32, 32, 3}, {17, 90, 3}}) {
        CAPTURE(name, estimator, to_string(shape));
        if (name.starts_with("resnet") && shape.height < 16) continue;
        const Graph graph = graph_of(expand_preset(preset(name, estimator), shape, 7, "here"));
        CHECK(graph.outputs() == 7);
        CHECK(graph.has_noise() == (estimator != "deterministic"));
      }
    }
  }
}

TEST_CASE("the presets have the layers that they promise") {
  const auto filters_of = [](const Json& model) {
    std::vector<int> filters;
    for (const Json& layer : model.at("layers")) {
      if (layer.contains("filters")) filters.push_back(layer.at("filters").get<int>());
    }
    return filters;
  };
  CHECK(filters_of(expand_preset(preset("cnn6"), {32, 32, 3}, 10, "")) ==
        std::vector<int>{32, 32, 64, 64, 128, 128});
  CHECK(filters_of(expand_preset(preset("lenet5"), {28, 28, 1}, 10, "")) ==
        std::vector<int>{6, 16, 120});
  CHECK(filters_of(expand_preset(preset("small"), {8, 8, 1}, 10, "")) == std::vector<int>{32, 64});
  CHECK(filters_of(expand_preset(preset("small"), {64, 64, 1}, 10, "")) ==
        std::vector<int>{32, 64, 128, 128});
  Json wide = preset("cnn6");
  wide["width"] = 0.25;
  CHECK(filters_of(expand_preset(wide, {32, 32, 3}, 10, "")) ==
        std::vector<int>{8, 8, 16, 16, 32, 32});
  // Large maps go through global pooling, small ones are flattened.
  CHECK(expand_preset(preset("cnn6"), {64, 64, 3}, 10, "").dump().find("global") ==
        std::string::npos);
  CHECK(expand_preset(preset("cnn6"), {96, 96, 3}, 10, "").dump().find("global") !=
        std::string::npos);
}

TEST_CASE("residual presets normalise as they are asked to") {
  const auto types_of = [](const Json& model) {
    std::map<std::string, int> count;
    for (const Json& layer : model.at("layers")) ++count[layer.at("type").text()];
    return count;
  };
  const Shape shape{32, 32, 3};
  for (const char* kind : {"filter_response", "batch", "group"}) {
    CAPTURE(kind);
    Json model = preset("resnet20");
    model["normalization"] = kind;
    const Json expanded = expand_preset(model, shape, 10, "");
    auto types = types_of(expanded);
    CHECK(types["conv2d_flipout"] == 21);  // 19, and 2 beside the blocks that halve the map
    CHECK(types[std::string(kind) + "_normalization"] == 21);
    CHECK(types["add"] == 9);
    CHECK(graph_of(expanded).outputs() == 10);
  }
  Json bare = preset("resnet20", "deterministic");
  bare["normalization"] = nullptr;
  auto types = types_of(expand_preset(bare, shape, 10, ""));
  CHECK(types["conv2d"] == 21);
  CHECK(types["filter_response_normalization"] == 0);
  auto large = types_of(expand_preset(preset("resnet18"), {96, 96, 3}, 10, ""));
  CHECK(large["conv2d_flipout"] == 20);
  CHECK(large["max_pooling2d"] == 1);
  CHECK(types_of(expand_preset(preset("resnet18"), shape, 10, ""))["max_pooling2d"] == 0);
}

TEST_CASE("residual presets have as many parameters as the networks of the literature") {
  const auto trained = [](const std::string& name, const Shape& shape, int classes) {
    Json model = preset(name, "deterministic");
    model["normalization"] = "batch";
    std::size_t count = 0;
    const Graph graph = graph_of(expand_preset(model, shape, classes, ""));
    for (const Variable& variable : graph.layout().variables()) {
      if (!variable.is_state()) count += variable.slice.size;
    }
    return count;
  };
  CHECK(trained("resnet18", {224, 224, 3}, 1000) == 11689512);  // torchvision's resnet18
  // He et al. have 269,722, with shortcuts that are padded with zeros. Ours are 1x1 convolutions:
  // 16 x 32 + 32 x 64 weights, and the gamma and beta of their 32 + 64 channels.
  CHECK(trained("resnet20", {32, 32, 3}, 10) == 269722 + 2560 + 192);
}

TEST_CASE("what residual presets cannot do is said") {
  CHECK_THAT(problem(preset("resnet18")), Contains("needs images of at least 16x16 pixels"));
  Json model = preset("cnn6");
  model["normalization"] = "batch";
  CHECK_THAT(problem(model), Contains("only resnet20 and resnet18 have normalisation layers"));
  model = preset("resnet20");
  model["normalization"] = "layer";
  CHECK_THAT(problem(model), Contains("/model/normalization") && Contains("found \"layer\""));
}

TEST_CASE("a preset's own input and defaults win") {
  Json model = preset("mlp");
  model["input"] = {{"height", 4}, {"width", 5}, {"channels", 1}};
  model["defaults"] = {{"kernel_prior_fn", {{"type", "normal"}, {"scale", 2}}}};
  REQUIRE(preset_input(model));
  CHECK(*preset_input(model) == Shape{4, 5, 1});
  const Json expanded = expand_preset(model, {4, 5, 1}, 3, "here");
  CHECK(expanded.at("input") == model.at("input"));
  CHECK(expanded.at("defaults").at("kernel_prior_fn") ==
        model.at("defaults").at("kernel_prior_fn"));
  CHECK(expanded.at("defaults").contains("kernel_posterior_fn"));
  CHECK_FALSE(preset_input(preset("mlp")));
}

TEST_CASE("what is wrong with a preset is said by its place") {
  CHECK_THAT(problem(preset("cnn7")), Contains("here: /model/preset: ") && Contains("cnn6"));
  CHECK_THAT(problem(preset("mlp", "flipuot")),
             Contains("/model/estimator") && Contains("flipout"));
  Json model = preset("mlp");
  model["width"] = 0;
  model["layers"] = Json::array();
  CHECK_THAT(problem(model), Contains("/model/width") && Contains("/model/layers"));
  CHECK(has_preset({{"model", model}}));
  CHECK_FALSE(has_preset({{"model", {{"layers", Json::array()}}}}));
}

}  // namespace
}  // namespace bnn
