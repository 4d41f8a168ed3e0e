#include "bnn/export/onnx_layers.h"

#include <algorithm>
#include <fmt/format.h>

#include "bnn/core/error.h"
#include "bnn/layers/dense.h"
#include "bnn/layers/dropout.h"
#include "bnn/layers/flatten.h"
#include "bnn/layers/merge.h"
#include "bnn/layers/pool2d.h"
#include "bnn/layers/prelu.h"
#include "bnn/layers/upsampling2d.h"
#include "bnn/layers/zero_padding2d.h"
#include "onnx_convolutions.h"
#include "onnx_layer_parts.h"
#include "onnx_normalization.h"

namespace bnn {
namespace {

using Integers = std::vector<std::int64_t>;

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
  const std::string alpha = builder.shared_constant(ranked_name(layer, "alpha"), make_alpha);
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
  if (is_convolution(options)) return add_convolution(layer, builder);
  if (is_normalization(options)) return add_normalization(layer, builder);
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
