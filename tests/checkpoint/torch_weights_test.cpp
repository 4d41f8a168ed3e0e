// --init-from with weights of PyTorch: the outputs are those of its own modules, and what does not
// fit is said or refused.

#include "bnn/checkpoint/torch_weights.h"

#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "support/execution_fixture.h"
#include "support/naive_torch.h"

namespace bnn::testing {
namespace {

using Catch::Matchers::Contains;

// A convolution of stride 2 that is normalised, one that is not, and a dense layer.
StateDict small_state() {
  StateDict state;
  state.add_random("conv1.weight", {4, 3, 3, 3});
  state.add_batch_norm("bn1", 4);
  state.add_random("conv2.weight", {5, 4, 2, 3});
  state.add_random("conv2.bias", {5});
  state.add_random("fc.weight", {3, 20});
  state.add_random("fc.bias", {3});
  return state;
}

TorchImage small_outputs(const StateDict& state, const TorchImage& image) {
  const TorchImage first =
      torch_relu(torch_batch_norm(state, "bn1", torch_conv2d(state, "conv1", image, 2, 1)));
  const TorchImage second = torch_relu(torch_conv2d(state, "conv2", first, 1, 0));
  return torch_linear(state, "fc", torch_flatten(second));
}

// The same with layers of ours; the normalisation is folded.
std::string small_model(const std::string& format, const std::string& estimator = "",
                        const std::string& last = R"("name": "fc", "units": 3)") {
  const std::string conv = "{\"type\": \"conv2d" + estimator + "\", ";
  const std::string end = R"(, "activation": "relu"},)";
  return R"({"input": {"height": 6, "width": 7, "channels": 3},
             "defaults": {"data_format": ")" +
         format + R"("}, "layers": [{"type": "zero_padding2d", "padding": 1},)" + conv +
         R"("name": "conv1", "filters": 4, "kernel_size": 3, "strides": 2)" + end + conv +
         R"("name": "conv2", "filters": 5, "kernel_size": [2, 3])" + end +
         R"({"type": "flatten"}, {"type": "dropout", "rate": 0}, {"type": "dense)" + estimator +
         "\", " + last + "}]}";
}

// The images of a batch as PyTorch has them.
TorchImage torch_image(const Batch& batch, std::size_t b) {
  const Shape& shape = batch.graph.input_shape();
  TorchImage image(shape.channels, shape.height, shape.width);
  std::size_t at = b * shape.size();
  for (int y = 0; y < shape.height; ++y) {
    for (int x = 0; x < shape.width; ++x) {
      for (int c = 0; c < shape.channels; ++c) {
        image.at(c, y, x) = static_cast<double>(batch.images[at++]);
      }
    }
  }
  return image;
}

// Requires the logits of all images to be those of PyTorch's modules.
template <typename Outputs>
void check_outputs(const Batch& batch, const Outputs& outputs) {
  Numbers expected;
  for (std::size_t b = 0; b < kBatchExamples; ++b) {
    const TorchImage one = outputs(torch_image(batch, b));
    expected.insert(expected.end(), one.values.begin(), one.values.end());
  }
  const std::vector<float> logits = inference_logits(batch);
  CHECK(worst_error(logits, expected) < 1e-5);
}

TorchStart start(Batch& batch, const StateDict& state, const TorchMap& map = {},
                 const std::string& prefix = "") {
  return start_from_torch("w.safetensors", state.tensors(prefix), map, batch.graph,
                          batch.parameters);
}

std::string error_of(const std::function<void()>& run, ErrorKind kind) {
  try {
    run();
  } catch (const Error& error) {
    CHECK(error.kind() == kind);
    CHECK(std::string(error.what()).size() < 400);
    return error.what();
  }
  return "no error";
}

}  // namespace

TEST_CASE("a network that starts from PyTorch's weights gives PyTorch's outputs") {
  const StateDict state = small_state();
  for (const std::string format : {"channels_last", "channels_first"}) {
    for (const std::string prefix : {"", "module.", "model._orig_mod."}) {
      CAPTURE(format, prefix);
      const Graph graph = make_graph(small_model(format));
      Batch batch(graph);
      const TorchStart report = start(batch, state, {}, prefix);
      check_outputs(batch, [&](const TorchImage& x) { return small_outputs(state, x); });
      REQUIRE(report.sentences.size() == (format == "channels_last" ? 3u : 2u));
      CHECK(report.sentences[0] == "took 9 of 9 tensors from w.safetensors, for 3 layers");
      CHECK(report.sentences[1] ==
            "folded 1 batch normalisation into the convolutions and dense layers before, with "
            "PyTorch's epsilon of 1e-05");
    }
  }
}

TEST_CASE("a batch normalisation layer takes PyTorch's statistics, and the log tells its epsilon") {
  StateDict state;
  state.add_random("conv1.weight", {4, 3, 3, 3});
  state.add_batch_norm("bn1", 4);
  state.add_random("fc.weight", {3, 80});
  state.add_random("fc.bias", {3});
  const auto model = [](const std::string& epsilon) {
    return R"({"input": {"height": 6, "width": 7, "channels": 3}, "layers": [
      {"type": "conv2d", "name": "conv1", "filters": 4, "kernel_size": 3, "use_bias": false},
      {"type": "batch_normalization", "name": "norm1", "activation": "relu", "epsilon": )" +
           epsilon + R"(}, {"type": "flatten"}, {"type": "dense", "name": "logits", "units": 3}]})";
  };
  for (const std::string epsilon : {"1e-5", "1e-3"}) {
    CAPTURE(epsilon);
    const Graph graph = make_graph(model(epsilon));
    Batch batch(graph);
    const TorchStart report = start(batch, state);
    CHECK(report.sentences[0] == "took 7 of 7 tensors from w.safetensors, for 3 layers");
    const bool differs = epsilon == "1e-3";
    CHECK(report.sentences.size() == (differs ? 3u : 2u));
    if (differs)
      CHECK_THAT(report.sentences.back(),
                 Contains("epsilon differs from PyTorch's") && Contains("\"norm1\""));
    check_outputs(batch, [&](const TorchImage& image) {
      const TorchImage x = torch_conv2d(state, "conv1", image, 1, 0);
      const TorchImage y = torch_batch_norm(state, "bn1", x, std::stod(epsilon));
      return torch_linear(state, "fc", torch_flatten(torch_relu(y)));
    });
  }
}

TEST_CASE("a normalisation of another kind takes nothing of a batch normalisation") {
  const Graph graph = make_graph(R"({"input": {"height": 2, "width": 3, "channels": 3}, "layers": [
      {"type": "conv2d", "name": "conv1", "filters": 4, "kernel_size": 2},
      {"type": "group_normalization", "name": "norm1", "groups": 2}, {"type": "flatten"},
      {"type": "dense", "name": "logits", "units": 3}]})");
  Batch batch(graph);
  StateDict state;
  state.add_random("conv1.weight", {4, 3, 2, 2});
  state.add_batch_norm("bn1", 4);
  const TorchStart report = start(batch, state);
  CHECK(report.sentences[0] == "took 1 of 5 tensors from w.safetensors, for 1 layer");
  CHECK_THAT(report.sentences[1], Contains("layer \"norm1\" keeps its initial values") &&
                                      Contains("\"bn1.running_mean\""));
  StateDict group;  // PyTorch's GroupNorm has no statistics
  group.add_random("norm1.weight", {4});
  group.add_random("norm1.bias", {4});
  CHECK(start(batch, group).taken == std::set<std::string>{"norm1/gamma", "norm1/beta"});
}

TEST_CASE("posteriors take weights of PyTorch as their means and keep their scales") {
  const StateDict state = small_state();
  const Graph graph = make_graph(small_model("channels_last", "_flipout"));
  Batch batch(graph);
  const std::vector<float> before(batch.parameters.data(),
                                  batch.parameters.data() + graph.layout().size());
  const TorchStart report = start(batch, state);
  batch.draws = AlignedArray(graph.layout().size());  // no noise
  check_outputs(batch, [&](const TorchImage& x) { return small_outputs(state, x); });
  CHECK(report.taken.count("fc/kernel_posterior_loc") == 1);
  CHECK(report.taken.size() == 6);
  for (const RandomTensor& tensor : graph.layout().random_tensors()) {
    const Slice slice = graph.layout().variables()[tensor.untransformed_scale].slice;
    for (std::size_t i = slice.offset; i < slice.offset + slice.size; ++i) {
      REQUIRE(batch.parameters.data()[i] == before[i]);
    }
  }
}

TEST_CASE("a layer of another size keeps its values, and the log says why") {
  const StateDict state = small_state();
  const Graph graph = make_graph(small_model("channels_last", "", R"("name": "fc", "units": 10)"));
  Batch batch(graph);
  const Slice kernel = graph.layout().find("fc/kernel")->slice;
  const float first = batch.parameters.data()[kernel.offset];
  const TorchStart report = start(batch, state);
  CHECK(batch.parameters.data()[kernel.offset] == first);
  CHECK(report.taken.count("fc/kernel") == 0);
  CHECK(report.taken.count("fc/bias") == 0);
  CHECK(report.sentences.back() ==
        "layer \"fc\" keeps its initial values: \"fc.bias\" has the shape [3], and \"fc/bias\" "
        "needs [10]");
}

TEST_CASE("a map says where modules go, and which are left out") {
  const StateDict state = small_state();
  const Graph graph = make_graph(small_model("channels_last", "", R"("name": "head", "units": 3)"));
  Batch batch(graph);
  TorchStart report = start(batch, state);
  CHECK(report.taken.count("head/kernel") == 0);
  CHECK_THAT(report.sentences.at(2), Contains("without a module, at initial values: \"head\""));
  CHECK_THAT(report.sentences.at(3), Contains("without a layer, left out: \"fc\""));
  report = start(batch, state, {{"fc", "head"}});
  CHECK(report.sentences.size() == 3);
  check_outputs(batch, [&](const TorchImage& x) { return small_outputs(state, x); });
  // Without its normalisation, which is left out on purpose, the network is another one.
  report = start(batch, state, {{"fc", "head"}, {"bn1", std::nullopt}});
  CHECK(report.sentences.size() == 2);
  check_outputs(batch, [&](const TorchImage& image) {
    const TorchImage x = torch_relu(torch_conv2d(state, "conv1", image, 2, 1));
    return torch_linear(state, "fc",
                        torch_flatten(torch_relu(torch_conv2d(state, "conv2", x, 1, 0))));
  });
  // A normalisation whose name says nothing of its convolution.
  StateDict renamed = small_state();
  for (const char* tensor : {".weight", ".bias", ".running_mean", ".running_var"}) {
    const Tensor& one = state.tensor("bn1" + std::string(tensor));
    renamed.erase("bn1" + std::string(tensor));
    renamed.add("stem.b" + std::string(tensor), one.shape, one.values);
  }
  CHECK(start(batch, renamed, {{"fc", "head"}}).sentences.back() ==
        "without a layer, left out: \"stem.b\"");
  CHECK(start(batch, renamed, {{"fc", "head"}, {"stem.b", "conv1"}}).sentences.size() == 3);
  check_outputs(batch, [&](const TorchImage& x) { return small_outputs(state, x); });
}

TEST_CASE("maps that name what is not there are refused") {
  const Graph graph = make_graph(small_model("channels_last"));
  Batch batch(graph);
  const auto error = [&](const TorchMap& map, ErrorKind kind) {
    return error_of([&] { start(batch, small_state(), map); }, kind);
  };
  CHECK(error({{"fcc", "fc"}}, ErrorKind::config) ==
        "--init-map names the module \"fcc\", which w.safetensors does not have");
  CHECK_THAT(error({{"fc", "conv3"}}, ErrorKind::config),
             Contains("names the layer \"conv3\"") && Contains("did you mean \"conv1\"?"));
  CHECK_THAT(error({{"fc", "conv1"}}, ErrorKind::checkpoint),
             Contains("\"conv1\" and \"fc\" both belong to the layer \"conv1\""));
}

TEST_CASE("weights that fit nothing, are not finite or would be lost are refused") {
  const Graph graph = make_graph(small_model("channels_last"));
  Batch batch(graph);
  const std::vector<float> before(batch.parameters.data(),
                                  batch.parameters.data() + graph.layout().size());
  const auto error = [&](const StateDict& state) {
    return error_of([&] { start(batch, state); }, ErrorKind::checkpoint);
  };
  StateDict other;
  other.add_random("encoder.weight", {3, 3});
  CHECK_THAT(error(other), Contains("w.safetensors: nothing in this file fits the network") &&
                               Contains("\"encoder\"") && Contains("--init-map"));
  CHECK_THAT(error(StateDict()), Contains("nothing in this file fits"));
  StateDict broken = small_state();
  broken.add("bn1.bias", {4}, {0, 1, NAN, 2});
  CHECK(error(broken) == "w.safetensors: tensor \"bn1.bias\": value 2 is not finite");
  broken = small_state();
  broken.add("bn1.running_var", {4}, {0, 1, 1, -2});
  CHECK(error(broken) ==
        "w.safetensors: tensor \"bn1.running_var\": value 3 is negative, as no variance is");
  CHECK(std::equal(before.begin(), before.end(), batch.parameters.data()));
  // A bias that the layer cannot take would change its outputs.
  const Graph without = make_graph(
      small_model("channels_last", "", R"("name": "fc", "units": 3, "use_bias": false)"));
  Batch other_batch(without);
  CHECK_THAT(start(other_batch, small_state()).sentences.back(),
             Contains("layer \"fc\" keeps") && Contains("no variable for \"fc.bias\""));
}

TEST_CASE("a normalisation before its convolution is not folded behind it") {
  StateDict state = small_state();
  state.add_batch_norm("bn2", 4);  // of the inputs of conv2, which has five outputs
  const Graph graph = make_graph(small_model("channels_last"));
  Batch batch(graph);
  CHECK_THAT(error_of([&] { start(batch, state); }, ErrorKind::checkpoint),
             Contains("\"bn2\" has 4 channels and \"conv2\" before it has 5") &&
                 Contains("normalise before"));
}

TEST_CASE("a bias that PyTorch does not have starts at zero, and a slope for all at each channel") {
  StateDict state;
  state.add_random("conv1.weight", {4, 3, 1, 1});
  state.add("act.weight", {1}, {0.25f});
  state.add_random("fc.weight", {2, 4});
  state.add_random("fc.bias", {2});
  const Graph graph = make_graph(R"({"input": {"height": 1, "width": 1, "channels": 3}, "layers": [
      {"type": "conv2d", "name": "conv1", "filters": 4, "kernel_size": 1},
      {"type": "prelu", "name": "act"}, {"type": "flatten"},
      {"type": "dense", "name": "fc", "units": 2}]})");
  Batch batch(graph);
  start(batch, state);
  check_outputs(batch, [&](const TorchImage& image) {
    TorchImage x = torch_conv2d(state, "conv1", image, 1, 0);
    for (double& value : x.values) value = value > 0 ? value : 0.25 * value;
    return torch_linear(state, "fc", x);
  });
}

TEST_CASE("a normalisation that does not fit its convolution, or float32, is not folded") {
  const Graph graph = make_graph(small_model("channels_last"));
  Batch batch(graph);
  const auto log_of = [&](const StateDict& state) {
    const TorchStart report = start(batch, state);
    CHECK(report.taken.count("conv1/kernel") == 0);
    return report.sentences.back();
  };
  for (const std::string tensor : {"bn1.running_var", "bn1.weight", "bn1.bias"}) {
    StateDict state = small_state();
    state.add(tensor, {3}, {1, 1, 1});
    CHECK_THAT(log_of(state), Contains("has another number of channels"));
  }
  StateDict large = small_state();
  large.add("bn1.weight", {4}, {1, 3e38f, 1, 1});
  large.add("bn1.running_var", {4}, {1, 0, 1, 1});
  CHECK_THAT(log_of(large), Contains("scales it beyond float32"));
}

TEST_CASE("the number of batches that PyTorch counted is passed over, of whatever type it is") {
  StateDict state = small_state();
  state.add("bn1.num_batches_tracked", {}, {7});
  const Graph graph = make_graph(small_model("channels_last"));
  Batch batch(graph);
  CHECK(start(batch, state).taken.count("conv1/kernel") == 1);
  check_outputs(batch, [&](const TorchImage& x) { return small_outputs(state, x); });
}

TEST_CASE("a normalisation is folded into the transposed convolution before it") {
  StateDict state;
  state.add_random("up.0.weight", {3, 4, 2, 2});
  state.add_batch_norm("up.1", 4);
  state.add_random("fc.weight", {2, 4 * 4 * 6});
  state.add_random("fc.bias", {2});
  const Graph graph = make_graph(R"({"input": {"height": 2, "width": 3, "channels": 3}, "layers": [
      {"type": "conv2d_transpose", "name": "up.0", "filters": 4, "kernel_size": 2, "strides": 2},
      {"type": "flatten"}, {"type": "dense", "name": "fc", "units": 2}]})");
  Batch batch(graph);
  CHECK(start(batch, state).sentences[0] == "took 7 of 7 tensors from w.safetensors, for 2 layers");
  check_outputs(batch, [&](const TorchImage& x) {
    TorchImage y(4, 4, 6);
    for (int o = 0; o < 4; ++o) {
      for (int row = 0; row < 4; ++row) {
        for (int column = 0; column < 6; ++column) {
          for (int c = 0; c < 3; ++c) {
            const int place = ((c * 4 + o) * 2 + row % 2) * 2 + column % 2;
            y.at(o, row, column) += state.number("up.0.weight", static_cast<std::size_t>(place)) *
                                    x.at(c, row / 2, column / 2);
          }
        }
      }
    }
    return torch_linear(state, "fc", torch_flatten(torch_batch_norm(state, "up.1", y)));
  });
}

TEST_CASE("layers over a flattened image take PyTorch's numbers in our order") {
  StateDict state;
  state.add_batch_norm("bn", 18);
  state.add_random("act.weight", {18});
  state.add_random("fc.weight", {2, 18});
  state.add_random("fc.bias", {2});
  const auto model = [](const std::string& normalization) {
    return R"({"input": {"height": 2, "width": 3, "channels": 3}, "layers": [{"type": "flatten"},
      {"type": ")" +
           normalization + R"("}, {"type": "prelu", "name": "act"},
      {"type": "dense", "name": "fc", "units": 2}]})";
  };
  const Graph graph = make_graph(
      model(R"(batch_normalization", "name": "bn", "epsilon": 1e-5, "activation": "linear)"));
  Batch batch(graph);
  CHECK_THAT(start(batch, state).sentences[1], Contains("\"act\", \"bn\", \"fc\""));
  check_outputs(batch, [&](const TorchImage& image) {
    TorchImage x = torch_batch_norm(state, "bn", torch_flatten(image));
    for (std::size_t i = 0; i < x.values.size(); ++i) {
      if (x.values[i] < 0) x.values[i] *= state.number("act.weight", i);
    }
    return torch_linear(state, "fc", x);
  });
  // Groups of such numbers are others than PyTorch's.
  StateDict group;
  group.add_random("gn.weight", {18});
  group.add_random("fc.weight", {2, 18});
  group.add_random("fc.bias", {2});
  for (const std::string groups : {"1", "3"}) {
    const Graph grouped = make_graph(
        model(R"(group_normalization", "name": "gn", "activation": "linear", "groups": )" + groups +
              R"(, "epsilon": 0.1, "gamma_regularizer": null, "beta_initializer": "zeros)"));
    Batch one(grouped);
    const TorchStart report = start(one, group);
    CHECK(report.taken.count("gn/gamma") == (groups == "1" ? 1u : 0u));
    const std::string log = fmt::format("{}", fmt::join(report.sentences, "\n"));
    if (groups == "1") {
      CHECK_THAT(log, Contains("epsilon differs from PyTorch's") && Contains("in \"gn\""));
    } else {
      CHECK_THAT(log, Contains("layer \"gn\" keeps") && Contains("groups numbers behind"));
    }
  }
}

}  // namespace bnn::testing
