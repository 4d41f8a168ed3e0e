#include "onnx_normalization.h"

#include <algorithm>

#include "bnn/layers/batch_normalization.h"
#include "bnn/layers/example_normalization.h"
#include "onnx_layer_parts.h"

namespace bnn {
namespace {

// A variable of one number a channel, with `otherwise` where the layer has none, shaped so that it
// is repeated over an image.
std::string channel_constant(const OnnxLayer& layer, const std::string& variable, float otherwise,
                             bool is_repeated, OnnxBuilder& builder) {
  const Shape& shape = layer.node.shape;
  return builder.shared_constant(ranked_name(layer, variable), [&]() -> OnnxTensor {
    std::vector<float> values(static_cast<std::size_t>(shape.channels), otherwise);
    if (const float* numbers = weights(layer, variable)) {
      std::copy_n(numbers, values.size(), values.begin());
    }
    std::vector<std::int64_t> dimensions = {shape.channels};
    if (is_repeated && !shape.flat) dimensions = {1, shape.channels, 1, 1};
    return {"", std::move(dimensions), std::move(values)};
  });
}

std::string add_batch(const OnnxLayer& layer, const BatchNormalizationSpec& spec,
                      OnnxBuilder& builder) {
  const auto constant = [&](const char* variable, float otherwise) {
    return channel_constant(layer, variable, otherwise, false, builder);
  };
  return builder.node("BatchNormalization",
                      {layer.inputs[0], constant("gamma", 1.0f), constant("beta", 0.0f),
                       constant("moving_mean", 0.0f), constant("moving_variance", 1.0f)},
                      name_of(layer), {{"epsilon", static_cast<float>(spec.epsilon)}});
}

// gamma value + beta.
std::string scaled_channels(const OnnxLayer& layer, const std::string& value,
                            OnnxBuilder& builder) {
  const std::string gamma = channel_constant(layer, "gamma", 1.0f, true, builder);
  const std::string beta = channel_constant(layer, "beta", 0.0f, true, builder);
  const std::string scaled = builder.node("Mul", {value, gamma}, name_of(layer, "scaled"));
  return builder.node("Add", {scaled, beta}, name_of(layer, "shifted"));
}

// Each group as one channel of an instance normalisation.
std::string add_group(const OnnxLayer& layer, const GroupNormalizationSpec& spec,
                      OnnxBuilder& builder) {
  const Shape& shape = layer.node.shape;
  const std::int64_t groups = spec.groups == -1 ? shape.channels : spec.groups;
  const auto repeated = [&](const char* name, float value) {
    return builder.constant(name_of(layer, name), {groups},
                            std::vector<float>(static_cast<std::size_t>(groups), value));
  };
  const auto reshaped = [&](const std::string& value, std::vector<std::int64_t> dimensions,
                            const char* name) {
    const std::string sizes =
        builder.integers(name_of(layer, std::string(name) + "_shape"), std::move(dimensions));
    return builder.node("Reshape", {value, sizes}, name_of(layer, name));
  };
  const std::string grouped = reshaped(layer.inputs[0], {0, groups, -1}, "grouped");
  const std::string normalized = builder.node(
      "InstanceNormalization", {grouped, repeated("ones", 1.0f), repeated("zeros", 0.0f)},
      name_of(layer, "normalized"), {{"epsilon", static_cast<float>(spec.epsilon)}});
  std::vector<std::int64_t> own = {-1, shape.channels};
  if (!shape.flat) own.insert(own.end(), {shape.height, shape.width});
  return scaled_channels(layer, reshaped(normalized, std::move(own), "ungrouped"), builder);
}

std::string add_filter_response(const OnnxLayer& layer, const FilterResponseNormalizationSpec& spec,
                                OnnxBuilder& builder) {
  const std::string& x = layer.inputs[0];
  const std::string square = builder.node("Mul", {x, x}, name_of(layer, "square"));
  const std::string mean = builder.node("ReduceMean", {square}, name_of(layer, "mean"),
                                        {{"axes", std::vector<std::int64_t>{2, 3}}});
  const std::string epsilon =
      builder.number(name_of(layer, "epsilon"), static_cast<float>(spec.epsilon));
  const std::string raised = builder.node("Add", {mean, epsilon}, name_of(layer, "raised"));
  const std::string root = builder.node("Sqrt", {raised}, name_of(layer, "root"));
  const std::string normalized = builder.node("Div", {x, root}, name_of(layer, "normalized"));
  const std::string y = scaled_channels(layer, normalized, builder);
  if (!spec.tau) return y;
  const std::string tau = channel_constant(layer, "tau", 0.0f, true, builder);
  return builder.node("Max", {y, tau}, name_of(layer));
}

}  // namespace

bool is_normalization(const LayerOptions& options) {
  return options.get_if<BatchNormalizationSpec>() != nullptr ||
         options.get_if<GroupNormalizationSpec>() != nullptr ||
         options.get_if<FilterResponseNormalizationSpec>() != nullptr;
}

std::string add_normalization(const OnnxLayer& layer, OnnxBuilder& builder) {
  const LayerOptions& options = layer.node.options;
  if (const auto* batch = options.get_if<BatchNormalizationSpec>()) {
    return activated(layer, batch->activation, add_batch(layer, *batch, builder), builder);
  }
  if (const auto* group = options.get_if<GroupNormalizationSpec>()) {
    return activated(layer, group->activation, add_group(layer, *group, builder), builder);
  }
  const auto& response = *options.get_if<FilterResponseNormalizationSpec>();
  return activated(layer, response.activation, add_filter_response(layer, response, builder),
                   builder);
}

}  // namespace bnn
