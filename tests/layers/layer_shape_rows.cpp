// Rows for the keys that say what a layer computes, and for those that all layers have.

#include <optional>
#include <type_traits>
#include <utility>

#include "bnn/layers/batch_normalization.h"
#include "bnn/layers/conv2d.h"
#include "bnn/layers/conv2d_transpose.h"
#include "bnn/layers/dense.h"
#include "bnn/layers/depthwise_conv2d.h"
#include "bnn/layers/dropout.h"
#include "bnn/layers/example_normalization.h"
#include "bnn/layers/merge.h"
#include "bnn/layers/pool2d.h"
#include "bnn/layers/separable_conv2d.h"
#include "bnn/layers/upsampling2d.h"
#include "bnn/layers/zero_padding2d.h"
#include "layers/layer_argument_rows.h"

namespace bnn::testing {
namespace {

using Pair = std::array<int, 2>;

// Calls get(options) with the options of the layer's type, which is one of `Options`.
template <typename... Options, typename Get>
auto of_type(const LayerSpec& layer, const Get& get) {
  using Value = std::common_type_t<decltype(get(std::declval<const Options&>()))...>;
  std::optional<Value> value;
  const auto ask = [&](const auto* options) {
    if (options != nullptr) value = get(*options);
  };
  (ask(layer.options.get_if<Options>()), ...);
  return value.value();
}

WindowSpec window_of(const LayerSpec& layer) {
  return of_type<Conv2dSpec, DepthwiseConv2dSpec, SeparableConv2dSpec, Conv2dTransposeSpec,
                 Pool2dSpec>(layer, [](const auto& options) { return options.window; });
}

int filters_of(const LayerSpec& layer) {
  return of_type<Conv2dSpec, SeparableConv2dSpec, Conv2dTransposeSpec>(
      layer, [](const auto& options) { return options.filters; });
}

int multiplier_of(const LayerSpec& layer) {
  return of_type<DepthwiseConv2dSpec, SeparableConv2dSpec>(
      layer, [](const auto& options) { return options.depth_multiplier; });
}

Activation activation_of(const LayerSpec& layer) {
  return of_type<Conv2dSpec, DepthwiseConv2dSpec, SeparableConv2dSpec, Conv2dTransposeSpec,
                 DenseSpec, ActivationSpec, BatchNormalizationSpec, GroupNormalizationSpec,
                 FilterResponseNormalizationSpec>(
      layer, [](const auto& options) { return options.activation; });
}

template <typename Options>
const Options& options_of(const LayerSpec& layer) {
  return *layer.options.get_if<Options>();
}

// A layer without weights has the key and nothing to hold still.
bool is_held(const LayerSpec& layer) {
  return layer.weights() == nullptr || !layer.weights()->trainable;
}

std::vector<ArgumentRow> common_rows() {
  return {
      {"name",
       "b/c-1.d_",
       3,
       {"a string", "found 3"},
       [](const LayerSpec& l) { return l.name == "b/c-1.d_"; }},
      {"inputs",
       {"x", "y"},
       3,
       {"list of strings", "found 3"},
       [](const LayerSpec& l) {
         return l.inputs == std::vector<std::string>{"x", "y"};
       }},
      {"trainable", false, "no", {"true or false", "found \"no\""}, is_held},
      {"seed",
       17,
       -1,
       {"an integer of at least 0", "found -1"},
       [](const LayerSpec& l) { return l.seed == 17u; }},
      {"reuse", true, 1, {"true or false", "found 1"}, [](const LayerSpec& l) { return l.reuse; }},
      {"data_format",
       "channels_first",
       "NCHW",
       {"\"channels_last\", \"channels_first\"", "found \"NCHW\""},
       [](const LayerSpec& l) { return l.channels_first == true; }},
      {"activity_regularizer",
       {{"l1", 0.25}, {"l2", 0.5}},
       "l2",
       {"an object", "found \"l2\""},
       [](const LayerSpec& l) {
         return l.activity_regularizer == Regularizer{0.25, 0.5};
       }},
      {"activity_regularizer/l1",
       {{"l1", 0.25}},
       {{"l1", -1}},
       {"at least 0", "found -1"},
       [](const LayerSpec& l) { return l.activity_regularizer.l1 == 0.25; }},
      {"activity_regularizer/l2",
       {{"l2", 0.5}},
       {{"l2", "x"}},
       {"a number", "found \"x\""},
       [](const LayerSpec& l) { return l.activity_regularizer.l2 == 0.5; }},
  };
}

std::vector<ArgumentRow> own_rows() {
  const std::string pair = "or a list of 2 of them";
  return {
      {"filters",
       7,
       0,
       {"an integer from 1 to", "found 0"},
       [](const LayerSpec& l) { return filters_of(l) == 7; }},
      {"depth_multiplier",
       3,
       0,
       {"an integer from 1 to", "found 0"},
       [](const LayerSpec& l) { return multiplier_of(l) == 3; }},
      {"output_padding",
       {1, 0},
       {1, -1},
       {"an integer from 0 to", "found [1,-1]"},
       [](const LayerSpec& l) {
         return options_of<Conv2dTransposeSpec>(l).output_padding == Pair{1, 0};
       },
       {{"strides", 2}}},
      {"units",
       9,
       2.5,
       {"an integer from 1 to", "found 2.5"},
       [](const LayerSpec& l) { return options_of<DenseSpec>(l).units == 9; }},
      {"kernel_size",
       {5, 4},
       {5, 4, 3},
       {pair, "found [5,4,3]"},
       [](const LayerSpec& l) {
         return window_of(l).kernel_size == Pair{5, 4};
       }},
      {"pool_size",
       6,
       {6, 0},
       {pair, "found [6,0]"},
       [](const LayerSpec& l) {
         return window_of(l).kernel_size == Pair{6, 6};
       }},
      {"strides",
       {3, 2},
       0,
       {pair, "found 0"},
       [](const LayerSpec& l) {
         return window_of(l).strides == Pair{3, 2};
       }},
      {"dilation_rate",
       2,
       true,
       {pair, "found true"},
       [](const LayerSpec& l) {
         return window_of(l).dilation_rate == Pair{2, 2};
       }},
      {"padding",
       "same",
       "full",
       {"\"valid\", \"same\"", "found \"full\""},
       [](const LayerSpec& l) { return window_of(l).padding == Padding::same; },
       Json::object(),
       "",
       "zero_padding2d"},
      {"padding",
       {{1, 2}, {3, 4}},
       {{1, 2}, 3},
       {"[[top, bottom], [left, right]]", "found [[1,2],3]"},
       [](const LayerSpec& l) {
         const auto& p = options_of<ZeroPadding2dSpec>(l);
         return p.top == 1 && p.bottom == 2 && p.left == 3 && p.right == 4;
       },
       Json::object(),
       "zero_padding2d"},
      {"size",
       {3, 4},
       0,
       {pair, "found 0"},
       [](const LayerSpec& l) {
         return options_of<Upsampling2dSpec>(l).size == Pair{3, 4};
       }},
      {"interpolation",
       "bilinear",
       "cubic",
       {"\"nearest\", \"bilinear\"", "found \"cubic\""},
       [](const LayerSpec& l) {
         return options_of<Upsampling2dSpec>(l).interpolation == Interpolation::bilinear;
       }},
      {"activation",
       "swish",
       "mish",
       {"\"relu\"", "found \"mish\""},
       [](const LayerSpec& l) { return activation_of(l) == Activation::swish; }},
      {"axis",
       2,
       4,
       {"an integer from -3 to 3", "found 4"},
       [](const LayerSpec& l) { return options_of<ConcatenateSpec>(l).axis == 2; }},
      {"rate",
       0.25,
       1,
       {"a number of at least 0", "found 1"},
       [](const LayerSpec& l) { return options_of<DropoutSpec>(l).rate == 0.25; }},
  };
}

}  // namespace

std::vector<ArgumentRow> shape_rows() {
  std::vector<ArgumentRow> rows = common_rows();
  for (ArgumentRow& row : own_rows()) rows.push_back(std::move(row));
  return rows;
}

Json base_layer(const std::string& type) {
  Json layer = {{"type", type}, {"name", "a"}};
  const bool is_depthwise = type.starts_with("depthwise_conv2d");
  const bool is_separable = type.starts_with("separable_conv2d");
  const bool is_conv2d = type.starts_with("conv2d");
  if (is_conv2d || is_separable) layer["filters"] = 4;
  if (is_conv2d || is_separable || is_depthwise) layer["kernel_size"] = 3;
  if (type.starts_with("dense")) layer["units"] = 4;
  if (type == "max_pooling2d" || type == "average_pooling2d") layer["pool_size"] = 2;
  if (type == "dropout" || type == "spatial_dropout2d") layer["rate"] = 0.5;
  if (type.ends_with("flipout") || type.ends_with("reparameterization")) {
    layer["bias_posterior_fn"] = {{"is_singular", false}};
    layer["bias_divergence_fn"] = "monte_carlo";
    if (is_depthwise || is_separable) layer["depthwise_divergence_fn"] = "monte_carlo";
    if (is_separable) layer["pointwise_divergence_fn"] = "monte_carlo";
    if (!is_depthwise && !is_separable) layer["kernel_divergence_fn"] = "monte_carlo";
  }
  return layer;
}

}  // namespace bnn::testing
