#include "bnn/model/graph.h"

#include <catch2/catch.hpp>

#include "support/model_fixtures.h"

using namespace bnn;
using namespace bnn::testing;

namespace {

// A model of 8 x 8 x 2 images with the given layers.
std::string model(const std::string& layers) {
  return R"({"input": {"height": 8, "width": 8, "channels": 2}, "layers": [)" + layers + "]}";
}

Graph graph_of(const std::string& layers) { return make_graph(model(layers)); }

std::string config_error(const std::string& layers) {
  return error_message(ErrorKind::config, [&] { graph_of(layers); });
}

bool mentions(const std::string& message, const std::vector<std::string>& words) {
  INFO(message);
  bool all = true;
  for (const std::string& word : words) {
    INFO("expected to find: " << word);
    CHECK(message.find(word) != std::string::npos);
    all = all && message.find(word) != std::string::npos;
  }
  return all;
}

std::vector<std::string> names(const Graph& graph) {
  std::vector<std::string> list;
  for (const Node& node : graph.nodes()) list.push_back(node.name);
  return list;
}

const std::string kConv = R"({"type": "conv2d_flipout", "filters": 3, "kernel_size": 3})";
const std::string kHead = R"({"type": "flatten"}, {"type": "dense", "units": 4})";

}  // namespace

TEST_CASE("layers without a name are named type, type_1, type_2 in order of appearance") {
  const Graph graph =
      graph_of(kConv + "," + kConv + R"(, {"type": "max_pooling2d", "pool_size": 2},)" +
               kConv.substr(0, kConv.size() - 1) + R"(, "padding": "same"},)" + kHead);
  CHECK(names(graph) == std::vector<std::string>{"input", "conv2d_flipout", "conv2d_flipout_1",
                                                 "max_pooling2d", "conv2d_flipout_2", "flatten",
                                                 "dense"});
}

TEST_CASE("a graph has noise where a pass draws something, and only there") {
  const auto has_noise = [](const std::string& layers) { return graph_of(layers).has_noise(); };
  const auto head = [](const std::string& keys) {
    return R"({"type": "flatten"}, {"type": "dense_flipout", "units": 4)" + keys + "}";
  };
  const std::string plain = R"({"type": "conv2d", "filters": 3, "kernel_size": 3},)" + kHead;
  CHECK_FALSE(has_noise(plain));
  CHECK_FALSE(has_noise(R"({"type": "dropout", "rate": 0},)" + plain));
  CHECK(has_noise(R"({"type": "dropout", "rate": 0.5},)" + plain));
  CHECK(has_noise(kConv + "," + kHead));
  for (const char* estimator :
       {"flipout", "reparameterization", "local_reparameterization", "independent"}) {
    CHECK(has_noise(head(R"(, "estimator": ")" + std::string(estimator) + "\"")));
  }
  const std::string mean = R"(, "kernel_posterior_tensor_fn": "mean")";
  const std::string singular = R"(, "estimator": "reparameterization",
      "kernel_posterior_fn": {"is_singular": true}, "kernel_prior_fn": null)";
  for (const std::string& still : {mean, singular}) {
    CAPTURE(still);
    CHECK_FALSE(has_noise(head(still)));
    CHECK(has_noise(head(still + R"(, "bias_posterior_fn": {"is_singular": false})")));
  }
}

TEST_CASE("automatic names step aside for given ones") {
  const Graph graph = graph_of(R"({"type": "flatten"}, {"type": "dense", "units": 3},
      {"type": "dense", "units": 3}, {"type": "dense", "units": 3, "name": "dense_1"})");
  CHECK(names(graph) ==
        std::vector<std::string>{"input", "flatten", "dense", "dense_2", "dense_1"});
}

TEST_CASE("shapes, storage and variables of each node follow from the layers") {
  const Graph graph = graph_of(kConv + "," + kHead);
  REQUIRE(graph.nodes().size() == 4);
  CHECK(graph.input_shape() == Shape{8, 8, 2, false});
  CHECK(graph.nodes()[1].shape == Shape{6, 6, 3, false});
  CHECK(graph.nodes()[2].shape == flat_shape(108));
  CHECK(graph.nodes()[2].storage == 1);
  CHECK(graph.nodes()[3].storage == 3);
  CHECK(graph.output() == 3);
  CHECK(graph.outputs() == 4);
  CHECK(graph.layout().variables()[0].name == "conv2d_flipout/kernel_posterior_loc");
  CHECK(graph.layout().variables()[0].shape == std::vector<std::int64_t>{3, 3, 2, 3});
  CHECK(graph.layout().variables()[2].name == "conv2d_flipout/bias_posterior_loc");
  CHECK(graph.nodes()[3].variables == VariableRange{3, 5});
  CHECK(graph.layout().parameters() == 2 * 54 + 3 + 108 * 4 + 4);
}

TEST_CASE("a gradient is needed at and above trainable variables only") {
  const Graph graph = graph_of(R"(
      {"type": "conv2d", "filters": 3, "kernel_size": 3, "trainable": false},
      {"type": "activation", "activation": "relu"},
      {"type": "conv2d", "filters": 3, "kernel_size": 3},
      {"type": "flatten"}, {"type": "dense", "units": 2, "trainable": false})");
  std::vector<bool> needed;
  for (const Node& node : graph.nodes()) needed.push_back(node.needs_gradient);
  CHECK(needed == std::vector<bool>{false, false, false, true, true, true});
}

TEST_CASE("layers may read the input and earlier layers by name") {
  const Graph graph = graph_of(R"(
      {"type": "conv2d", "filters": 2, "kernel_size": 1, "name": "a"},
      {"type": "conv2d", "filters": 2, "kernel_size": 1, "name": "b", "inputs": ["input"]},
      {"type": "add", "name": "sum", "inputs": ["a", "b", "input", "a"]},)" +
                               kHead);
  CHECK(graph.nodes()[2].inputs == std::vector<int>{0});
  CHECK(graph.nodes()[3].inputs == std::vector<int>{1, 2, 0, 1});
}

TEST_CASE("a layer may read one that stands later in the list") {
  const Graph graph = graph_of(R"(
      {"type": "flatten", "name": "flat", "inputs": ["late"]},
      {"type": "conv2d", "name": "late", "filters": 5, "kernel_size": 8, "inputs": ["input"]},
      {"type": "dense", "name": "logits", "units": 3, "inputs": ["flat"]})");
  CHECK(names(graph) == std::vector<std::string>{"input", "late", "flat", "logits"});
  for (std::size_t i = 0; i < graph.nodes().size(); ++i) {
    for (int input : graph.nodes()[i].inputs) CHECK(input < static_cast<int>(i));
  }
  CHECK(graph.output() == 3);
}

TEST_CASE("the last layer of the list gives the logits even if it does not run last in the list") {
  const Graph graph = graph_of(R"(
      {"type": "dense", "name": "hidden", "units": 6, "inputs": ["flat"]},
      {"type": "flatten", "name": "flat", "inputs": ["input"]},
      {"type": "dense", "name": "logits", "units": 3, "inputs": ["hidden"]})");
  CHECK(graph.nodes()[static_cast<std::size_t>(graph.output())].name == "logits");
  CHECK(graph.outputs() == 3);
}

TEST_CASE("layers that read each other in a circle are named") {
  const std::string message = config_error(R"(
      {"type": "conv2d", "name": "a", "filters": 2, "kernel_size": 1, "inputs": ["c"]},
      {"type": "conv2d", "name": "b", "filters": 2, "kernel_size": 1, "inputs": ["a"]},
      {"type": "activation", "name": "c", "inputs": ["b"]}, {"type": "flatten", "inputs": ["c"]})");
  CHECK(mentions(message, {"\"a\"", "\"b\"", "\"c\"", "circle"}));
  CHECK(message.find("flatten") == std::string::npos);  // it only waits for the circle
  CHECK(
      mentions(config_error(R"({"type": "add", "name": "me", "inputs": ["me", "input"]},)" + kHead),
               {"\"me\"", "circle"}));
}

TEST_CASE("an unknown input is named, with the likely meaning") {
  CHECK(mentions(config_error(R"({"type": "conv2d", "name": "stem", "filters": 2, "kernel_size": 1},
                                 {"type": "flatten", "name": "flat", "inputs": ["stm"]})"),
                 {"layer \"flat\"", "\"stm\"", "did you mean \"stem\"?"}));
  const std::string far = config_error(R"({"type": "flatten", "inputs": ["nowhere"]})");
  CHECK(mentions(far, {"layer \"flatten\"", "\"nowhere\""}));
  CHECK(far.find("did you mean") == std::string::npos);
}

TEST_CASE("names are used once, and that of the input is taken") {
  CHECK(mentions(config_error(R"({"type": "flatten", "name": "twin"},
                                 {"type": "dense", "units": 2, "name": "twin"})"),
                 {"\"twin\"", "two layers"}));
  CHECK(
      mentions(config_error(R"({"type": "flatten", "name": "input"})"), {"\"input\"", "model's"}));
}

TEST_CASE("a layer whose output nobody reads is refused") {
  CHECK(mentions(config_error(kConv.substr(0, kConv.size() - 1) + R"(, "name": "dead"},
                              {"type": "flatten", "inputs": ["input"]})"),
                 {"\"dead\"", "not used"}));
}

TEST_CASE("the output must be a vector") {
  CHECK(mentions(config_error(kConv), {"\"conv2d_flipout\"", "vector", "6 x 6 x 3"}));
  // Not even an image of one pixel.
  CHECK(mentions(config_error(R"({"type": "conv2d", "filters": 3, "kernel_size": 8})"),
                 {"\"conv2d\"", "vector"}));
}

TEST_CASE("a layer that cannot read its input's shape is named with the reason") {
  CHECK(mentions(config_error(R"({"type": "dense", "name": "logits", "units": 2})"),
                 {"\"logits\"", "8 x 8 x 2", "flatten"}));
  CHECK(
      mentions(config_error(R"({"type": "flatten"}, {"type": "conv2d", "name": "late", "filters": 2,
                                 "kernel_size": 1})"),
               {"\"late\"", "vector of 128"}));
  CHECK(mentions(config_error(R"({"type": "conv2d", "name": "wide", "filters": 2,
                                 "kernel_size": [3, 9]})"),
                 {"\"wide\""}));
  CHECK(mentions(config_error(R"({"type": "conv2d", "name": "a", "filters": 2, "kernel_size": 3},
                                 {"type": "add", "name": "sum", "inputs": ["a", "input"]},)" +
                              kHead),
                 {"\"sum\"", "6 x 6 x 2", "8 x 8 x 2"}));
}

TEST_CASE("the number of inputs is checked") {
  CHECK(mentions(config_error(R"({"type": "add", "name": "lonely"},)" + kHead),
                 {"\"lonely\"", "two"}));
  CHECK(
      mentions(config_error(R"({"type": "flatten", "name": "both", "inputs": ["input", "input"]})"),
               {"\"both\"", "one input", "found 2"}));
  std::string many;
  for (int i = 0; i < 17; ++i) many += i == 0 ? "\"input\"" : ", \"input\"";
  CHECK(mentions(
      config_error(R"({"type": "add", "name": "crowd", "inputs": [)" + many + "]}," + kHead),
      {"\"crowd\"", "16"}));
}

TEST_CASE("networks beyond any machine's memory are refused before anything is allocated") {
  CHECK(mentions(config_error(R"({"type": "flatten"}, {"type": "dense", "name": "vast",
                                 "units": 2147483647})"),
                 {"\"vast\""}));
}

TEST_CASE("what is wrong with a model's keys is listed with its place") {
  CHECK(mentions(error_message(ErrorKind::config,
                               [] {
                                 make_graph(
                                     R"({"input": {"height": 0, "width": 8, "channels": true},
                                   "layers": [{"type": "flatten"}, {"type": "dense", "unit": 3}]})");
                               }),
                 {"/input/height", "/input/channels", "/layers/1/units: missing",
                  "/layers/1/unit: unknown key (did you mean \"units\"?)"}));
  CHECK(mentions(config_error(R"({"type": "dens", "units": 3})"),
                 {"/layers/0/type", "did you mean \"dense\"?"}));
  CHECK(mentions(config_error(""), {"/layers", "1 to 10000"}));
  CHECK(mentions(error_message(ErrorKind::config, [] { make_graph("{}"); }),
                 {"/input/height: missing", "/layers"}));
}
