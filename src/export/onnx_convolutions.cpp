#include "onnx_convolutions.h"

#include <algorithm>

#include "bnn/core/error.h"
#include "bnn/layers/conv2d.h"
#include "bnn/layers/conv2d_transpose.h"
#include "bnn/layers/depthwise_conv2d.h"
#include "bnn/layers/separable_conv2d.h"
#include "onnx_layer_parts.h"

namespace bnn {
namespace {

using Sizes = std::vector<std::int64_t>;

// [taps][channels][filters] as [filters][channels][taps].
std::vector<float> turned_kernel(const float* kernel, std::size_t taps, std::size_t channels,
                                 std::size_t filters) {
  std::vector<float> turned_values(taps * channels * filters);
  for (std::size_t t = 0; t < taps; ++t) {
    for (std::size_t c = 0; c < channels; ++c) {
      for (std::size_t f = 0; f < filters; ++f) {
        turned_values[(f * channels + c) * taps + t] = kernel[(t * channels + c) * filters + f];
      }
    }
  }
  return turned_values;
}

std::string add_conv2d(const OnnxLayer& layer, const Conv2dSpec& spec, OnnxBuilder& builder) {
  const Window window = make_window(input_shape(layer), spec.window);
  const auto make_kernel = [&]() -> OnnxTensor {
    return {"",
            {spec.filters, window.input.channels, window.kernel_size[0], window.kernel_size[1]},
            turned_kernel(weights(layer, "kernel"), static_cast<std::size_t>(window.taps()),
                          static_cast<std::size_t>(window.input.channels),
                          static_cast<std::size_t>(spec.filters))};
  };
  const std::string kernel = builder.shared_constant(weights_name(layer, "kernel"), make_kernel);
  const std::string bias = add_bias(layer, spec.filters, builder);
  auto attributes = window_attributes(window);
  attributes["dilations"] = Sizes(window.dilation_rate.begin(), window.dilation_rate.end());
  const std::string value =
      builder.node("Conv", {layer.inputs[0], kernel, bias}, name_of(layer), std::move(attributes));
  return activated(layer, spec.activation, value, builder);
}

// A convolution of each channel for itself: one with as many groups as channels.
std::string add_depthwise(const OnnxLayer& layer, const WindowSpec& spec, int multiplier,
                          const std::string& name, std::vector<std::string> more_inputs,
                          OnnxBuilder& builder) {
  const Window window = make_window(input_shape(layer), spec);
  const int outputs = window.input.channels * multiplier;
  const auto make_kernel = [&]() -> OnnxTensor {
    return {"",
            {outputs, 1, window.kernel_size[0], window.kernel_size[1]},
            turned(weights(layer, kDepthwiseKernel), static_cast<std::size_t>(window.taps()),
                   static_cast<std::size_t>(outputs))};
  };
  std::vector<std::string> inputs = {
      layer.inputs[0], builder.shared_constant(weights_name(layer, kDepthwiseKernel), make_kernel)};
  inputs.insert(inputs.end(), more_inputs.begin(), more_inputs.end());
  auto attributes = window_attributes(window);
  attributes["dilations"] = Sizes(window.dilation_rate.begin(), window.dilation_rate.end());
  attributes["group"] = std::int64_t{window.input.channels};
  return builder.node("Conv", inputs, name, std::move(attributes));
}

std::string add_depthwise_conv2d(const OnnxLayer& layer, const DepthwiseConv2dSpec& spec,
                                 OnnxBuilder& builder) {
  const std::string bias = add_bias(layer, layer.node.shape.channels, builder);
  const std::string value =
      add_depthwise(layer, spec.window, spec.depth_multiplier, name_of(layer), {bias}, builder);
  return activated(layer, spec.activation, value, builder);
}

std::string add_separable_conv2d(const OnnxLayer& layer, const SeparableConv2dSpec& spec,
                                 OnnxBuilder& builder) {
  const int between = input_shape(layer).channels * spec.depth_multiplier;
  const std::string depthwise = add_depthwise(layer, spec.window, spec.depth_multiplier,
                                              name_of(layer, "depthwise"), {}, builder);
  const auto make_kernel = [&]() -> OnnxTensor {
    return {"",
            {spec.filters, between, 1, 1},
            turned(weights(layer, kPointwiseKernel), static_cast<std::size_t>(between),
                   static_cast<std::size_t>(spec.filters))};
  };
  const std::string kernel =
      builder.shared_constant(weights_name(layer, kPointwiseKernel), make_kernel);
  const std::string bias = add_bias(layer, spec.filters, builder);
  const std::string value = builder.node("Conv", {depthwise, kernel, bias}, name_of(layer),
                                         {{"kernel_shape", Sizes{1, 1}}});
  return activated(layer, spec.activation, value, builder);
}

// What inputs spread to, along each axis, is cut by `pads` and filled up by `output_padding`.
std::map<std::string, OnnxAttribute> transposed_attributes(const Window& window) {
  Sizes after, more;
  const int outputs[] = {window.input.height, window.input.width};
  const int inputs[] = {window.output_height, window.output_width};
  const int before[] = {window.pad_top, window.pad_left};
  for (std::size_t a = 0; a < 2; ++a) {
    const int covered = (window.kernel_size[a] - 1) * window.dilation_rate[a] + 1;
    const int rest = (inputs[a] - 1) * window.strides[a] + covered - before[a] - outputs[a];
    after.push_back(std::max(rest, 0));
    more.push_back(std::max(-rest, 0));
  }
  return {{"kernel_shape", Sizes(window.kernel_size.begin(), window.kernel_size.end())},
          {"strides", Sizes(window.strides.begin(), window.strides.end())},
          {"dilations", Sizes(window.dilation_rate.begin(), window.dilation_rate.end())},
          {"pads", Sizes{window.pad_top, window.pad_left, after[0], after[1]}},
          {"output_padding", more}};
}

std::string add_conv2d_transpose(const OnnxLayer& layer, const Conv2dTransposeSpec& spec,
                                 OnnxBuilder& builder) {
  const int channels = input_shape(layer).channels;
  const Window window = transposed_window(input_shape(layer), spec);
  const auto make_kernel = [&]() -> OnnxTensor {
    return {
        "",
        {channels, spec.filters, window.kernel_size[0], window.kernel_size[1]},
        turned_kernel(weights(layer, "kernel"), static_cast<std::size_t>(window.taps()),
                      static_cast<std::size_t>(spec.filters), static_cast<std::size_t>(channels))};
  };
  const std::string kernel = builder.shared_constant(weights_name(layer, "kernel"), make_kernel);
  const std::string bias = add_bias(layer, spec.filters, builder);
  const std::string value = builder.node("ConvTranspose", {layer.inputs[0], kernel, bias},
                                         name_of(layer), transposed_attributes(window));
  return activated(layer, spec.activation, value, builder);
}

}  // namespace

bool is_convolution(const LayerOptions& options) {
  return options.get_if<Conv2dSpec>() != nullptr ||
         options.get_if<DepthwiseConv2dSpec>() != nullptr ||
         options.get_if<SeparableConv2dSpec>() != nullptr ||
         options.get_if<Conv2dTransposeSpec>() != nullptr;
}

std::string add_convolution(const OnnxLayer& layer, OnnxBuilder& builder) {
  const LayerOptions& options = layer.node.options;
  if (const auto* conv = options.get_if<Conv2dSpec>()) return add_conv2d(layer, *conv, builder);
  if (const auto* depthwise = options.get_if<DepthwiseConv2dSpec>()) {
    return add_depthwise_conv2d(layer, *depthwise, builder);
  }
  if (const auto* separable = options.get_if<SeparableConv2dSpec>()) {
    return add_separable_conv2d(layer, *separable, builder);
  }
  if (const auto* transposed = options.get_if<Conv2dTransposeSpec>()) {
    return add_conv2d_transpose(layer, *transposed, builder);
  }
  throw Error(ErrorKind::internal, "a convolution that exports do not know");
}

}  // namespace bnn
