// Residual networks (He et al., CVPR 2016). A block adds its input to two 3x3 convolutions of it.
// Where it halves the map, a 1x1 convolution fits the input to the sum.
//
// With batch or group normalisation, and without any, ReLU follows the first convolution and the
// sum. With filter response normalisation, every convolution is followed by the layer and its
// threshold, and nothing follows the sum, as in ResNet-20 of Shen et al. (ICML 2024). Their
// ResNet-18 has ReLU after the sum and no biases instead.
//
// Convolutions that skip pixels see zeros on all sides of the image, as in PyTorch, so that weights
// trained there fit.

#include <fmt/format.h>

#include "preset_builder.h"

namespace bnn {
namespace {

class ResidualBuilder {
 public:
  explicit ResidualBuilder(const ResidualPreset& preset)
      : builder_(preset.builder), normalization_(preset.normalization) {}

  // Convolution and normalisation, with ReLU where `activates`. Layers are named after their order
  // in a block: conv1, norm1.
  void convolution(const std::string& block, const std::string& number, int filters,
                   int kernel_size, int strides, bool activates) {
    std::string padding = "same";
    if (strides > 1 && kernel_size > 1) {
      pad(block + "pad" + number, kernel_size / 2);
      padding = "valid";
    }
    const bool is_normalized = normalization_ != "none";
    Json layer = {{"name", block + "conv" + number},
                  {"filters", builder_.scaled(filters)},
                  {"kernel_size", kernel_size},
                  {"strides", strides},
                  {"padding", padding},
                  {"inputs", last_}};
    if (activates && !is_normalized) layer["activation"] = "relu";
    if (is_normalized && normalization_ != "filter_response") leave_out_bias(layer);
    builder_.weighted("conv2d", std::move(layer));
    last_ = block + "conv" + number;
    if (is_normalized) normalize(block + "norm" + number, builder_.scaled(filters), activates);
  }

  void block(const std::string& name, int filters, int strides) {
    const std::string input = last_;
    convolution(name, "1", filters, 3, strides, true);
    convolution(name, "2", filters, 3, 1, false);
    const std::string branch = last_;
    last_ = input;
    if (strides > 1) {
      convolution(name + "shortcut_", "", filters, 1, strides, false);
    }
    builder_.layer({{"type", "add"}, {"name", name + "add"}, {"inputs", {branch, last_}}});
    last_ = name + "add";
    if (normalization_ == "filter_response") return;
    builder_.layer({{"type", "activation"},
                    {"name", name + "relu"},
                    {"activation", "relu"},
                    {"inputs", last_}});
    last_ = name + "relu";
  }

  void stage(int number, int blocks, int filters, int strides) {
    for (int k = 1; k <= blocks; ++k) {
      block(fmt::format("stage{}_block{}_", number, k), filters, k == 1 ? strides : 1);
    }
  }

  void max_pooling() {
    pad("pad_pool", 1);
    builder_.layer({{"type", "max_pooling2d"},
                    {"name", "pool"},
                    {"pool_size", 3},
                    {"strides", 2},
                    {"inputs", last_}});
    last_ = "pool";
  }

  void finish() {
    builder_.layer({{"type", "global_average_pooling2d"}, {"name", "features"}, {"inputs", last_}});
  }

 private:
  void pad(const std::string& name, int pixels) {
    builder_.layer(
        {{"type", "zero_padding2d"}, {"name", name}, {"padding", pixels}, {"inputs", last_}});
    last_ = name;
  }

  void leave_out_bias(Json& layer) const {
    if (builder_.is_deterministic()) {
      layer["use_bias"] = false;
    } else {
      layer["bias_posterior_fn"] = nullptr;
    }
  }

  void normalize(const std::string& name, int channels, bool activates) {
    Json layer = {{"type", normalization_ + "_normalization"}, {"name", name}, {"inputs", last_}};
    if (normalization_ == "group") layer["groups"] = groups_of(channels);
    if (normalization_ != "filter_response" && activates) layer["activation"] = "relu";
    builder_.layer(std::move(layer));
    last_ = name;
  }

  // Groups of eight channels, or of all that there are.
  static int groups_of(int channels) { return channels % 8 == 0 ? channels / 8 : 1; }

  PresetBuilder& builder_;
  std::string normalization_;
  std::string last_ = "input";
};

}  // namespace

void add_resnet20(const ResidualPreset& preset) {
  ResidualBuilder builder(preset);
  builder.convolution("", "1", 16, 3, 1, true);
  builder.stage(1, 3, 16, 1);
  builder.stage(2, 3, 32, 2);
  builder.stage(3, 3, 64, 2);
  builder.finish();
}

void add_resnet18(const ResidualPreset& preset) {
  constexpr int kLargeSide = 64;
  ResidualBuilder builder(preset);
  if (std::min(preset.shape.height, preset.shape.width) > kLargeSide) {
    builder.convolution("", "1", 64, 7, 2, true);
    builder.max_pooling();
  } else {
    builder.convolution("", "1", 64, 3, 1, true);
  }
  builder.stage(1, 2, 64, 1);
  builder.stage(2, 2, 128, 2);
  builder.stage(3, 2, 256, 2);
  builder.stage(4, 2, 512, 2);
  builder.finish();
}

}  // namespace bnn
