#include "bnn/checkpoint/torch_modules.h"

#include <algorithm>

#include <catch2/catch.hpp>

#include "bnn/checkpoint/torch_kernels.h"
#include "bnn/core/error.h"
#include "support/data_files.h"
#include "support/temporary_directory.h"

using namespace bnn;
using bnn::testing::TemporaryDirectory;
using Catch::Matchers::Contains;

TEST_CASE("modules of the usual ResNets are known by the names of the presets") {
  const std::pair<const char*, const char*> pairs[] = {
      {"conv1", "conv1"},
      {"bn1", "norm1"},
      {"layer1.0.conv1", "stage1_block1_conv1"},
      {"layer3.2.conv2", "stage3_block3_conv2"},
      {"layer2.1.bn2", "stage2_block2_norm2"},
      {"layer2.0.downsample.0", "stage2_block1_shortcut_conv"},
      {"layer2.0.downsample.1", "stage2_block1_shortcut_norm"},
      {"layer4.0.shortcut.0", "stage4_block1_shortcut_conv"},
      {"fc", "logits"},
      {"linear", "logits"}};
  for (const auto& [module, layer] : pairs) {
    CAPTURE(module);
    CHECK(layer_names_of(module).back() == layer);
  }
  for (const std::string other : {"layer1.0.conv", "layerx.0.conv1", "layer1.0", "layer1.0.relu1",
                                  "layer1.0.downsample.2", "layer1.-1.conv1", "features.0"}) {
    CAPTURE(other);
    CHECK(layer_names_of(other).size() == 3);
  }
  CHECK(layer_names_of("a.b") == std::vector<std::string>{"a.b", "a/b", "a_b"});
}

TEST_CASE("the convolution before a normalisation follows from its name") {
  CHECK(convolution_before("bn1") == "conv1");
  CHECK(convolution_before("layer1.0.bn2") == "layer1.0.conv2");
  CHECK(convolution_before("block.norm") == "block.conv");
  CHECK(convolution_before("features.1") == "features.0");
  CHECK(convolution_before("layer2.0.downsample.1") == "layer2.0.downsample.0");
  CHECK_FALSE(convolution_before("features.0"));
  CHECK_FALSE(convolution_before("stem"));
}

TEST_CASE("tensors are gathered by their modules, without what wrappers put before all names") {
  const std::vector<Tensor> tensors = {{"module.a.bias", {1}, {1}},
                                       {"module.a.weight", {1}, {2}},
                                       {"module.b.0.running_mean", {1}, {3}},
                                       {"module.b.0.running_var", {1}, {4}},
                                       {"module.scale", {1}, {5}}};
  const std::vector<TorchModule> modules = torch_modules(tensors);
  REQUIRE(modules.size() == 3);
  CHECK(modules[0].name.empty());
  CHECK(modules[0].find("scale")->values[0] == 5.0f);
  CHECK(modules[1].name == "a");
  CHECK(modules[1].find("weight")->values[0] == 2.0f);
  CHECK(modules[1].find("running_mean") == nullptr);
  CHECK(modules[2].name == "b.0");
  CHECK(modules[2].is_batch_normalization());
  CHECK(torch_modules({{"model.a.weight", {}, {1}}, {"b.weight", {}, {1}}})[1].name == "model.a");
}

TEST_CASE("kernels of depthwise and transposed convolutions are turned") {
  // Every number says where it stands: 1000 out + 100 in + 10 row + column.
  const auto number = [](int a, int b, int row, int column) {
    return static_cast<float>(1000 * a + 100 * b + 10 * row + column);
  };
  const auto make = [&](int first, int second) {
    Tensor tensor{"w", {first, second, 2, 3}, {}};
    for (int a = 0; a < first; ++a) {
      for (int b = 0; b < second; ++b) {
        for (int i = 0; i < 6; ++i) tensor.values.push_back(number(a, b, i / 3, i % 3));
      }
    }
    return tensor;
  };
  const auto value = [](const Tensor& t, std::array<int, 4> at) {
    std::int64_t place = 0;
    for (std::size_t d = 0; d < 4; ++d) place = place * t.shape[d] + at[d];
    return t.values[static_cast<std::size_t>(place)];
  };
  const Tensor plain = kernel_of_torch(make(4, 5), TorchKernel::convolution, {2, 3, 5, 4}, {});
  CHECK(plain.shape == std::vector<std::int64_t>{2, 3, 5, 4});
  CHECK(value(plain, {1, 2, 4, 3}) == number(3, 4, 1, 2));
  const Tensor back = kernel_of_torch(make(4, 5), TorchKernel::transposed, {2, 3, 5, 4}, {});
  CHECK(value(back, {0, 2, 4, 1}) == number(1, 4, 0, 2));
  const Tensor depthwise = kernel_of_torch(make(8, 1), TorchKernel::depthwise, {2, 3, 4, 2}, {});
  CHECK(depthwise.shape == std::vector<std::int64_t>{2, 3, 4, 2});
  CHECK(value(depthwise, {1, 0, 3, 1}) == number(7, 0, 1, 0));
  CHECK(value(depthwise, {0, 1, 1, 0}) == number(2, 0, 0, 1));
  // A tensor without numbers may claim dimensions that no loop would get through.
  const Tensor none{"w", {0, std::int64_t{1} << 62, 1, 1}, {}};
  CHECK(kernel_of_torch(none, TorchKernel::convolution, {2, 3, 5, 4}, {}).shape == none.shape);
  const Tensor no_rows{"w", {0, std::int64_t{1} << 62}, {}};
  CHECK(kernel_of_torch(no_rows, TorchKernel::dense, {5, 4}, {}).shape == no_rows.shape);
}

TEST_CASE("a batch normalisation scales the outputs of every kind of kernel") {
  const std::vector<Tensor> tensors = {{"b.bias", {2}, {5, 6}},
                                       {"b.running_mean", {2}, {1, 2}},
                                       {"b.running_var", {2}, {4 - 1e-5f, 0.25f - 1e-5f}},
                                       {"b.weight", {2}, {3, 4}}};
  const OutputScaling scaling(torch_modules(tensors)[0]);
  CHECK(scaling.factors[0] == Approx(1.5));
  CHECK(scaling.factors[1] == Approx(8));
  const auto folded = [&](TorchKernel kind, std::vector<std::int64_t> shape) {
    Tensor kernel{"", std::move(shape), {1, 1, 1, 1}};
    std::vector<float> bias = {1, 1};
    CHECK(scaling.apply(kind, kernel, bias));
    CHECK(bias[0] == Approx(1.5 - 1.5 + 5));
    CHECK(bias[1] == Approx(8 - 16 + 6));
    return kernel.values;
  };
  CHECK(folded(TorchKernel::convolution, {1, 1, 2, 2})[1] == Approx(8));
  CHECK(folded(TorchKernel::convolution, {1, 1, 2, 2})[2] == Approx(1.5));
  CHECK(folded(TorchKernel::transposed, {1, 1, 2, 2})[1] == Approx(1.5));
  CHECK(folded(TorchKernel::transposed, {1, 1, 2, 2})[2] == Approx(8));
  CHECK(folded(TorchKernel::dense, {2, 2})[3] == Approx(8));
}

TEST_CASE("a map is read from JSON, and what is no map is refused") {
  const TemporaryDirectory folder;
  const auto read = [&](const std::string& text) {
    testing::write_text(folder.file("map.json"), text);
    return read_torch_map(folder.file("map.json"));
  };
  const TorchMap map = read(R"({"fc": "logits", "aux": null})");
  CHECK(map.at("fc") == "logits");
  CHECK_FALSE(map.at("aux"));
  CHECK_THROWS_WITH(read("[1]"), Contains("map.json: expected an object of modules and layers"));
  CHECK_THROWS_WITH(read(R"({"fc": 3})"), Contains("map.json: /fc: expected the name of a layer"));
  CHECK_THROWS_WITH(read("{"), Contains("map.json"));
  CHECK_THROWS_WITH(read_torch_map(folder.file("none.json")), Contains("none.json"));
}
