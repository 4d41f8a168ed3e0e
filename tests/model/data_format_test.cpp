// Networks that present images channels first are those that present them channels last, up to the
// order in which a flatten layer reads an image: everything else sees the same memory and noise.

#include <catch2/catch.hpp>

#include "bnn/model/summary_table.h"
#include "support/execution_fixture.h"
#include "support/layer_fixture.h"

using namespace bnn;
using namespace bnn::testing;
using Catch::Matchers::Contains;

namespace {

std::string model(const std::string& layers, const std::string& format) {
  return R"({"input": {"height": 6, "width": 5, "channels": 2},
             "defaults": {"data_format": ")" +
         format + R"("}, "layers": [)" + layers + "]}";
}

// The same text with the axes of images renamed: H, W and C stand for their numbers.
Graph graph_of(std::string layers, bool channels_first) {
  const std::pair<std::string, std::string> axes[] = {{"$H", channels_first ? "2" : "1"},
                                                      {"$W", channels_first ? "-1" : "2"},
                                                      {"$C", channels_first ? "1" : "3"}};
  for (const auto& [name, number] : axes) {
    for (auto at = layers.find(name); at != std::string::npos; at = layers.find(name)) {
      layers.replace(at, name.size(), number);
    }
  }
  return make_graph(model(layers, channels_first ? "channels_first" : "channels_last"));
}

// A dense layer's rows [pixel][channel], as channels last reads them, in the order of channels
// first, [channel][pixel].
void to_channels_first(const Graph& graph, const Shape& image, const std::string& variable,
                       std::span<float> array) {
  const Variable& v = graph.layout().variables()[variable_index(graph.layout(), variable)];
  const std::span<float> rows = array.subspan(v.slice.offset, v.slice.size);
  const std::vector<float> before(rows.begin(), rows.end());
  const auto channels = static_cast<std::size_t>(image.channels);
  for (std::size_t i = 0; i < before.size(); ++i) {
    const std::size_t row = i / v.columns(), pixel = row / channels, channel = row % channels;
    rows[(channel * image.pixels() + pixel) * v.columns() + i % v.columns()] = before[i];
  }
}

// Logits and gradients of both, with the variables of the dense layer `head` permuted, which reads
// a flattened image of the given shape.
void check_formats(const std::string& layers, const std::string& head, const Shape& image) {
  const Graph last = graph_of(layers, false), first = graph_of(layers, true);
  REQUIRE(last.layout().size() == first.layout().size());
  const Batch plain(last);
  Batch permuted(first);
  for (const std::string variable :
       {"/kernel", "/kernel_posterior_loc", "/kernel_posterior_untransformed_scale"}) {
    if (first.layout().find(head + variable) == nullptr) continue;
    to_channels_first(first, image, head + variable, permuted.parameters.span());
    to_channels_first(first, image, head + variable, permuted.draws.span());
  }
  TrainingPass expected = train(plain);
  const TrainingPass found = train(permuted);
  CHECK(worst_error(found.logits, to_numbers(expected.logits)) < 1e-5);
  for (const std::string variable :
       {"/kernel", "/kernel_posterior_loc", "/kernel_posterior_untransformed_scale"}) {
    if (first.layout().find(head + variable) == nullptr) continue;
    to_channels_first(first, image, head + variable, expected.gradient);
  }
  CHECK(worst_error(found.gradient, to_numbers(expected.gradient)) < 1e-5);
  double largest = 0.0;
  for (const float g : found.gradient) largest = std::max(largest, std::fabs(double{g}));
  CHECK(largest > 0.1);
}

const std::string kConv = R"({"type": "conv2d_flipout", "filters": 3, "kernel_size": [3, 2],
    "padding": "same", "activation": "tanh", "bias_posterior_fn": {"is_singular": false}},)";

}  // namespace

TEST_CASE("flatten reads row, column, channel, or channel, row, column") {
  for (const bool channels_first : {false, true}) {
    const Shape shape{2, 3, 4, false, channels_first};
    const MadeLayer made = make_layer_from(R"({"type": "flatten"})", {shape});
    CHECK(made.layer->is_view() == !channels_first);
    CHECK(made.layer->output_shape() == flat_shape(24));
    if (!channels_first) continue;
    LayerRun run(made, 2);
    check_against_naive(run, [](const NaiveState& state) {
      Numbers flat;
      for (std::size_t b = 0; b < 2; ++b) {
        for (std::size_t c = 0; c < 4; ++c) {
          for (std::size_t pixel = 0; pixel < 6; ++pixel) {
            flat.push_back(state.inputs[0][b * 24 + pixel * 4 + c]);
          }
        }
      }
      return flat;
    });
  }
}

TEST_CASE("convolution, pooling, flatten and dense layers agree in both formats") {
  const std::string pools = kConv + R"({"type": "max_pooling2d", "pool_size": [2, 1]},
      {"type": "average_pooling2d", "pool_size": 2, "strides": 1}, {"type": "flatten"},)";
  check_formats(pools + R"({"type": "dense", "name": "head", "units": 4})", "head", {2, 4, 3});
  // One sample for the batch follows its rows; signs of inputs would not.
  check_formats(pools + R"({"type": "dense_reparameterization", "name": "head", "units": 7,
      "activation": "tanh"}, {"type": "dense_flipout", "units": 3})",
                "head", {2, 4, 3});
  check_formats(R"({"type": "flatten"}, {"type": "dense", "name": "head", "units": 3})", "head",
                {6, 5, 2});
  for (const std::string estimator :
       {"reparameterization", "local_reparameterization", "independent"}) {
    check_formats(R"({"type": "conv2d_flipout", "filters": 2, "kernel_size": 2, "estimator": ")" +
                      estimator +
                      R"("}, {"type": "dropout", "rate": 0.3}, {"type": "flatten"},
                      {"type": "dense", "name": "head", "units": 3})",
                  "head", {5, 4, 2});
  }
}

TEST_CASE("concatenation follows the axes of the format") {
  const auto joined = [](const std::string& axis) {
    return R"({"type": "conv2d_flipout", "name": "a", "filters": 2, "kernel_size": 3,
               "padding": "same"},
              {"type": "conv2d_flipout", "name": "b", "filters": 2, "kernel_size": 1,
               "inputs": ["input"], "activation": "tanh"},
              {"type": "concatenate", "axis": )" +
           axis + R"(, "inputs": ["a", "b", "a"]}, {"type": "flatten"},
              {"type": "dense", "name": "head", "units": 3})";
  };
  check_formats(joined("$H"), "head", {18, 5, 2});
  check_formats(joined("$W"), "head", {6, 15, 2});
  check_formats(joined("$C"), "head", {6, 5, 6});
}

TEST_CASE("global average pooling gives the channels in their order in both formats") {
  check_formats(kConv + R"({"type": "global_average_pooling2d"},
      {"type": "dense_flipout", "name": "logits", "units": 3})",
                "none", {});
}

TEST_CASE("shapes are printed as they are presented") {
  const std::string layers = kConv + R"({"type": "max_pooling2d", "pool_size": 2},
      {"type": "activation", "activation": "relu"}, {"type": "dropout", "rate": 0.1},
      {"type": "flatten"}, {"type": "dense", "units": 3})";
  const auto printed = [&](bool channels_first) {
    std::vector<std::string> shapes;
    const Graph graph = graph_of(layers, channels_first);
    for (const Node& node : graph.nodes()) shapes.push_back(to_string(node.shape));
    CHECK_THAT(summary_table(graph), Contains(shapes[0]) && Contains(shapes[1]));
    return shapes;
  };
  using Words = std::vector<std::string>;
  CHECK(printed(false) ==
        Words{"6 x 5 x 2", "6 x 5 x 3", "3 x 2 x 3", "3 x 2 x 3", "3 x 2 x 3", "18", "3"});
  CHECK(printed(true) ==
        Words{"2 x 6 x 5", "3 x 6 x 5", "3 x 3 x 2", "3 x 3 x 2", "3 x 3 x 2", "18", "3"});
  // A kernel has the same shape and the same initial values in both.
  const Graph last = graph_of(layers, false), first = graph_of(layers, true);
  for (std::size_t v = 0; v < last.layout().variables().size(); ++v) {
    CHECK(last.layout().variables()[v].shape == first.layout().variables()[v].shape);
  }
}

TEST_CASE("a layer whose format is not its input's is named") {
  const auto error_of = [](const std::string& layers) {
    return error_message(ErrorKind::config, [&] {
      make_graph(R"({"input": {"height": 6, "width": 5, "channels": 2}, "layers": [)" + layers +
                 R"(, {"type": "flatten"}, {"type": "dense", "units": 2}]})");
    });
  };
  const std::string first = R"({"type": "conv2d", "filters": 3, "kernel_size": 1,
                                "data_format": "channels_first"})";
  CHECK(error_of(first) == "no error");
  CHECK_THAT(error_of(first + R"(, {"type": "max_pooling2d", "name": "pool", "pool_size": 2})"),
             Contains("layer \"pool\"") && Contains("channels_last") &&
                 Contains("3 x 6 x 5, channels_first") && Contains("model.defaults"));
  CHECK_THAT(error_of(R"({"type": "conv2d", "name": "last", "filters": 3, "kernel_size": 1},
                         {"type": "conv2d", "name": "late", "filters": 3, "kernel_size": 1,
                          "data_format": "CHANNELS_FIRST"})"),
             Contains("layer \"late\"") && Contains("6 x 5 x 3, channels_last"));
  for (const std::string type : {"flatten", "global_average_pooling2d"}) {
    const std::string message = error_message(ErrorKind::config, [&] {
      make_graph(R"({"input": {"height": 6, "width": 5, "channels": 2}, "layers": [)" + first +
                 R"(, {"type": ")" + type + R"(", "name": "odd", "data_format": "channels_last"},
                     {"type": "dense", "units": 2}]})");
    });
    CHECK_THAT(message, Contains("layer \"odd\"") && Contains("channels_first"));
  }
  CHECK_THAT(error_of(R"({"type": "max_pooling2d", "pool_size": 1, "data_format": "chw"})"),
             Contains("data_format") && Contains("\"channels_last\", \"channels_first\""));
}
