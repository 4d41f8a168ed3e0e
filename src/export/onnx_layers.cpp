#include "bnn/export/onnx_layers.h"

#include <algorithm>
#include <fmt/format.h>

#include "bnn/core/error.h"
#include "bnn/layers/conv2d.h"
#include "bnn/layers/conv2d_transpose.h"
#include "bnn/layers/dense.h"
#include "bnn/layers/depthwise_conv2d.h"
#include "bnn/layers/dropout.h"
#include "bnn/layers/flatten.h"
#include "bnn/layers/merge.h"
#include "bnn/layers/pool2d.h"
#include "bnn/layers/prelu.h"
#include "bnn/layers/upsampling2d.h"
#include "bnn/layers/zero_padding2d.h"
#include "onnx_layer_parts.h"
#include "onnx_normalization.h"
#include "bnn/layers/separable_conv2d.h"

namespace bnn {
namespace {

using Integers = std::vector<std::int64_t>;

// Kernel, strides and padding of a window. Padding before and after follows from the output's size.
std::map<std::string, OnnxAttribute> window_attributes(const Window& window) {
  const auto after = [&](int axis, int outputs, int before, int size) {
    const auto a = static_cast<std::size_t>(axis);
    const int covered = (outputs - 1) * window.strides[a] +
                        (window.kernel_size[a] - 1) * window.dilation_rate[a] + 1;
    return std::max(covered - before - size, 0);
  };
  const int bottom = after(0, window.output_height, window.pad_top, window.input.height);
  const int right = after(1, window.output_width, window.pad_left, window.input.width);
  return {{"kernel_shape", Integers(window.kernel_size.begin(), window.kernel_size.end())},
          {"strides", Integers(window.strides.begin(), window.strides.end())},
          {"pads", Integers{window.pad_top, window.pad_left, bottom, right}}};
}

std::string add_bias(const OnnxLayer& layer, int size, OnnxBuilder& builder) {
  return builder.shared_constant(weights_name(layer, "bias"), [&]() -> OnnxTensor {
    const float* bias = weights(layer, "bias");
    std::vector<float> values(static_cast<std::size_t>(size), 0.0f);
    if (bias != nullptr) std::copy_n(bias, values.size(), values.begin());
    return {"", {size}, std::move(values)};
  });
}

// numbers [rows][columns] as [columns][rows].
std::vector<float> turned(const float* numbers, std::size_t rows, std::size_t columns) {
  std::vector<float> result(rows * columns);
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < columns; ++j) result[j * rows + i] = numbers[i * columns + j];
  }
  return result;
}

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
  attributes["dilations"] = Integers(window.dilation_rate.begin(), window.dilation_rate.end());
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
  attributes["dilations"] = Integers(window.dilation_rate.begin(), window.dilation_rate.end());
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
                                         {{"kernel_shape", Integers{1, 1}}});
  return activated(layer, spec.activation, value, builder);
}

// What inputs spread to, along each axis, is cut by `pads` and filled up by `output_padding`.
std::map<std::string, OnnxAttribute> transposed_attributes(const Window& window) {
  Integers after, more;
  const int outputs[] = {window.input.height, window.input.width};
  const int inputs[] = {window.output_height, window.output_width};
  const int before[] = {window.pad_top, window.pad_left};
  for (std::size_t a = 0; a < 2; ++a) {
    const int covered = (window.kernel_size[a] - 1) * window.dilation_rate[a] + 1;
    const int rest = (inputs[a] - 1) * window.strides[a] + covered - before[a] - outputs[a];
    after.push_back(std::max(rest, 0));
    more.push_back(std::max(-rest, 0));
  }
  return {{"kernel_shape", Integers(window.kernel_size.begin(), window.kernel_size.end())},
          {"strides", Integers(window.strides.begin(), window.strides.end())},
          {"dilations", Integers(window.dilation_rate.begin(), window.dilation_rate.end())},
          {"pads", Integers{window.pad_top, window.pad_left, after[0], after[1]}},
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

std::string add_dense(const OnnxLayer& layer, const DenseSpec& spec, OnnxBuilder& builder) {
  const int inputs = input_shape(layer).channels;
  const auto make_kernel = [&]() -> OnnxTensor {
    return {"",
            {spec.units, inputs},
            turned(weights(layer, "kernel"), static_cast<std::size_t>(inputs),
                   static_cast<std::size_t>(spec.units))};
  };
  const std::string kernel = builder.shared_constant(weights_name(layer, "kernel"), make_kernel);
  const std::string bias = add_bias(layer, spec.units, builder);
  const std::string value = builder.node("Gemm", {layer.inputs[0], kernel, bias}, name_of(layer),
                                         {{"transB", std::int64_t{1}}});
  return activated(layer, spec.activation, value, builder);
}

std::string add_pool2d(const OnnxLayer& layer, const Pool2dSpec& spec, OnnxBuilder& builder) {
  auto attributes = window_attributes(make_window(input_shape(layer), spec.window));
  if (spec.kind == PoolKind::maximum) {
    return builder.node("MaxPool", layer.inputs, name_of(layer), std::move(attributes));
  }
  attributes["count_include_pad"] = std::int64_t{0};
  return builder.node("AveragePool", layer.inputs, name_of(layer), std::move(attributes));
}

// A vector in the order in which the image is presented.
std::string add_flatten(const OnnxLayer& layer, OnnxBuilder& builder) {
  const Shape& shape = input_shape(layer);
  std::string value = layer.inputs[0];
  if (shape.flat) return value;
  if (!shape.channels_first && shape.channels > 1 && shape.pixels() > 1) {
    value = builder.node("Transpose", {value}, name_of(layer, "channels_last"),
                         {{"perm", Integers{0, 2, 3, 1}}});
  }
  return builder.node("Flatten", {value}, name_of(layer));
}

std::string add_concatenate(const OnnxLayer& layer, const ConcatenateSpec& spec,
                            OnnxBuilder& builder) {
  const Shape& shape = layer.node.shape;
  const int rank = shape.flat ? 2 : 4;
  const int axis = spec.axis < 0 ? spec.axis + rank : spec.axis;
  // Presented as [image][row][column][channel], stored in the export with the channel first.
  constexpr std::array<std::int64_t, 4> kChannelsLast = {0, 2, 3, 1};
  const bool moves = !shape.flat && !shape.channels_first;
  return builder.node(
      "Concat", layer.inputs, name_of(layer),
      {{"axis", moves ? kChannelsLast[static_cast<std::size_t>(axis)] : std::int64_t{axis}}});
}

// A vector that multiplies an image is an image of one pixel.
std::string add_multiply(const OnnxLayer& layer, OnnxBuilder& builder) {
  std::string product;
  for (std::size_t k = 0; k < layer.inputs.size(); ++k) {
    const auto node = static_cast<std::size_t>(layer.node.inputs[k]);
    std::string value = layer.inputs[k];
    if (layer.graph.nodes()[node].shape.flat && !layer.node.shape.flat) {
      const std::string axes = builder.integers(name_of(layer, "axes"), {2, 3});
      value = builder.node("Unsqueeze", {value, axes}, name_of(layer, "pixel"));
    }
    product = k == 0 ? value : builder.node("Mul", {product, value}, name_of(layer));
  }
  return product;
}

std::string add_prelu(const OnnxLayer& layer, OnnxBuilder& builder) {
  const Shape& shape = layer.node.shape;
  const auto make_alpha = [&]() -> OnnxTensor {
    const float* alpha = weights(layer, "alpha");
    Integers dimensions = {shape.channels};
    if (!shape.flat) dimensions.insert(dimensions.end(), {1, 1});
    return {"", std::move(dimensions), std::vector<float>(alpha, alpha + shape.channels)};
  };
  const std::string alpha = builder.shared_constant(weights_name(layer, "alpha"), make_alpha);
  return builder.node("PRelu", {layer.inputs[0], alpha}, name_of(layer));
}

std::string add_zero_padding2d(const OnnxLayer& layer, const ZeroPadding2dSpec& spec,
                               OnnxBuilder& builder) {
  const std::string pads = builder.integers(
      name_of(layer, "pads"), {0, 0, spec.top, spec.left, 0, 0, spec.bottom, spec.right});
  return builder.node("Pad", {layer.inputs[0], pads}, name_of(layer));
}

std::string add_upsampling2d(const OnnxLayer& layer, const Upsampling2dSpec& spec,
                             OnnxBuilder& builder) {
  const auto factor = [&](std::size_t axis) { return static_cast<float>(spec.size[axis]); };
  const std::string scales =
      builder.constant(name_of(layer, "scales"), {4}, {1.0f, 1.0f, factor(0), factor(1)});
  std::map<std::string, OnnxAttribute> attributes = {{"mode", std::string("linear")}};
  if (spec.interpolation == Interpolation::nearest) {
    attributes = {{"mode", std::string("nearest")},
                  {"coordinate_transformation_mode", std::string("asymmetric")},
                  {"nearest_mode", std::string("floor")}};
  }
  return builder.node("Resize", {layer.inputs[0], "", scales}, name_of(layer),
                      std::move(attributes));
}

// A mask for all images.
std::string add_dropout(const OnnxLayer& layer, OnnxBuilder& builder) {
  const auto& dropout = dynamic_cast<const Dropout&>(*layer.node.layer);
  if (layer.noise == nullptr || !dropout.has_noise()) return layer.inputs[0];
  const Shape& shape = layer.node.shape;
  std::vector<float> mask(dropout.mask_size());  // [row][column][channel], or [channel]
  dropout.mask(*layer.noise, 0, mask);
  const auto channels = static_cast<std::size_t>(shape.channels);
  Integers dimensions = {1, shape.channels};
  if (mask.size() < shape.size()) {
    dimensions.insert(dimensions.end(), {1, 1});
  } else if (!shape.flat) {
    dimensions.insert(dimensions.end(), {shape.height, shape.width});
  }
  const std::string constant =
      builder.constant(name_of(layer, "mask"), std::move(dimensions),
                       turned(mask.data(), mask.size() / channels, channels));
  return builder.node("Mul", {layer.inputs[0], constant}, name_of(layer));
}

}  // namespace

std::string add_layer(const OnnxLayer& layer, OnnxBuilder& builder) {
  const LayerOptions& options = layer.node.options;
  if (const auto* conv = options.get_if<Conv2dSpec>()) return add_conv2d(layer, *conv, builder);
  if (is_normalization(options)) return add_normalization(layer, builder);
  if (const auto* depthwise = options.get_if<DepthwiseConv2dSpec>()) {
    return add_depthwise_conv2d(layer, *depthwise, builder);
  }
  if (const auto* separable = options.get_if<SeparableConv2dSpec>()) {
    return add_separable_conv2d(layer, *separable, builder);
  }
  if (const auto* transposed = options.get_if<Conv2dTransposeSpec>()) {
    return add_conv2d_transpose(layer, *transposed, builder);
  }
  if (const auto* dense = options.get_if<DenseSpec>()) return add_dense(layer, *dense, builder);
  if (const auto* pool = options.get_if<Pool2dSpec>()) return add_pool2d(layer, *pool, builder);
  if (options.get_if<FlattenSpec>() != nullptr) return add_flatten(layer, builder);
  if (const auto* padding = options.get_if<ZeroPadding2dSpec>()) {
    return add_zero_padding2d(layer, *padding, builder);
  }
  if (const auto* upsampling = options.get_if<Upsampling2dSpec>()) {
    return add_upsampling2d(layer, *upsampling, builder);
  }
  if (options.get_if<MultiplySpec>() != nullptr) return add_multiply(layer, builder);
  if (options.get_if<PreluSpec>() != nullptr) return add_prelu(layer, builder);
  if (options.get_if<DropoutSpec>() != nullptr) return add_dropout(layer, builder);
  if (options.get_if<AddSpec>() != nullptr) {
    return builder.node("Sum", layer.inputs, name_of(layer));
  }
  if (const auto* joined = options.get_if<ConcatenateSpec>()) {
    return add_concatenate(layer, *joined, builder);
  }
  if (const auto* function = options.get_if<ActivationSpec>()) {
    return activated(layer, function->activation, layer.inputs[0], builder);
  }
  if (options.get_if<GlobalAveragePool2dSpec>() != nullptr) {
    const std::string mean =
        builder.node("GlobalAveragePool", layer.inputs, name_of(layer, "mean"));
    return builder.node("Flatten", {mean}, name_of(layer));
  }
  throw Error(ErrorKind::internal,
              fmt::format("layers of the type \"{}\" cannot be exported yet", layer.node.type));
}

}  // namespace bnn
