#include "bnn/checkpoint/torch_layer.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <optional>
#include <string_view>
#include <utility>

#include "bnn/core/json_reader.h"
#include "bnn/core/shape.h"
#include "bnn/layers/example_normalization.h"
#include "bnn/layers/flatten.h"

namespace bnn {
namespace {

std::string in_quotes(const std::string& name) { return json_text(Json(name)); }

// What a variable gets, by the name behind that of its layer, and what has the same effect as a
// tensor that the module does not have.
struct TensorPair {
  std::string_view variable, tensor;
  float otherwise = 0.0f;
};
constexpr TensorPair kTensorPairs[] = {{"kernel", "weight"},
                                       {"depthwise_kernel", "weight"},
                                       {"bias", "bias"},
                                       {"gamma", "weight", 1.0f},
                                       {"beta", "bias"},
                                       {"moving_mean", "running_mean"},
                                       {"moving_variance", "running_var", 1.0f},
                                       {"alpha", "weight"}};

const TensorPair* pair_of(std::string_view variable) {
  const auto found =
      std::find_if(std::begin(kTensorPairs), std::end(kTensorPairs),
                   [&](const TensorPair& pair) { return pair.variable == variable; });
  return found == std::end(kTensorPairs) ? nullptr : found;
}

bool is_finite(const std::vector<float>& values) {
  return std::all_of(values.begin(), values.end(), [](float x) { return std::isfinite(x); });
}

bool is_kernel(std::string_view variable) { return variable.ends_with("kernel"); }

// The variables of a layer by the names behind its own, without the parts of a posterior that
// PyTorch's tensors say nothing about.
std::map<std::string, const Variable*> variables_of(const Graph& graph, const Node& node) {
  std::map<std::string, const Variable*> variables;
  for (std::size_t v = node.variables.begin; v < node.variables.end; ++v) {
    const Variable& variable = graph.layout().variables()[v];
    std::string name = deterministic_name(variable.name).substr(node.variables_name.size() + 1);
    const bool is_rest = name.ends_with("_untransformed_scale") || name.ends_with("_prior_loc") ||
                         name.ends_with("_prior_scale");
    if (!is_rest) variables[std::move(name)] = &variable;
  }
  return variables;
}

// The image that a layer reads as a vector, if its order of numbers differs from PyTorch's. Layers
// between flatten and this one keep every number in its place.
std::optional<Shape> flattened_image(const Graph& graph, const Node& layer) {
  const auto input_of = [&](const Node& node) {
    return &graph.nodes()[static_cast<std::size_t>(node.inputs[0])];
  };
  for (const Node* node = &layer; node->inputs.size() == 1;) {
    node = input_of(*node);
    const bool is_flatten = node->options.get_if<FlattenSpec>() != nullptr;
    if (is_flatten && !input_of(*node)->shape.flat) {
      const Shape& image = input_of(*node)->shape;
      const bool differs = !image.channels_first && image.channels > 1 && image.pixels() > 1;
      return differs ? std::optional(image) : std::nullopt;
    }
    if (node->type.starts_with("dense") || !node->shape.flat) break;
  }
  return std::nullopt;
}

class LayerFiller {
 public:
  LayerFiller(const Graph& graph, const TorchTarget& target)
      : graph_(graph), target_(target), variables_(variables_of(graph, *target.node)) {}

  TorchFilling fill() {
    for (const auto& [name, variable] : variables_) {
      if (!fill_variable(name, *variable)) return refused();
    }
    if (!uses_all() || !fold()) return refused();
    for (const auto& [name, values] : values_) {
      filling_.values[variables_.at(name)->name] = values;
    }
    return std::move(filling_);
  }

 private:
  TorchFilling refused() { return {{}, std::move(filling_.reason)}; }

  bool refuse(std::string reason) {
    filling_.reason = std::move(reason);
    return false;
  }

  bool fill_variable(const std::string& name, const Variable& variable) {
    const TensorPair* pair = pair_of(name);
    if (pair == nullptr) {
      return refuse(fmt::format("no module of PyTorch has {}", in_quotes(variable.name)));
    }
    const Tensor* tensor = target_.own->find(std::string(pair->tensor));
    if (tensor == nullptr) {
      if (is_kernel(name)) {
        return refuse(fmt::format("the module {} has no weight", in_quotes(target_.own->name)));
      }
      values_[name].assign(variable.slice.size, pair->otherwise);
      return true;
    }
    used_.push_back(tensor);
    if (name == "alpha" && tensor->values.size() == 1) {
      values_[name].assign(variable.slice.size, tensor->values[0]);
      return true;
    }
    Tensor turned = is_kernel(name) ? turned_kernel(*tensor, variable) : *tensor;
    if (turned.shape != variable.shape) return refuse(shape_problem(*tensor, turned, variable));
    values_[name] = std::move(turned.values);
    return is_kernel(name) || name == "bias" || turn_vector(values_[name]);
  }

  // Of a layer that treats each number of a flattened image by itself.
  bool turn_vector(std::vector<float>& values) {
    const auto image = flattened_image(graph_, *target_.node);
    if (!image) return true;
    const auto* group = target_.node->options.get_if<GroupNormalizationSpec>();
    if (group != nullptr && group->groups != 1) {
      return refuse("it groups numbers behind a flatten, whose order differs from PyTorch's");
    }
    filling_.is_reordered = true;
    turn_flattened(image, values);
    return true;
  }

  Tensor turned_kernel(const Tensor& weight, const Variable& variable) {
    const TorchKernel kind = kernel_kind(*target_.node);
    const auto image = kind == TorchKernel::dense ? flattened_image(graph_, *target_.node)
                                                  : std::optional<Shape>();
    filling_.is_reordered = image.has_value();
    return kernel_of_torch(weight, kind, variable.shape, image);
  }

  static std::string shape_problem(const Tensor& tensor, const Tensor& turned,
                                   const Variable& variable) {
    const std::string becomes =
        turned.shape == tensor.shape ? "" : ", which is " + shape_text(turned.shape) + " here";
    return fmt::format("{} has the shape {}{}, and {} needs {}", in_quotes(tensor.name),
                       shape_text(tensor.shape), becomes, in_quotes(variable.name),
                       shape_text(variable.shape));
  }

  // A tensor that has an effect there must not be lost.
  bool uses_all() {
    for (const auto& [name, tensor] : target_.own->tensors) {
      if (std::find(used_.begin(), used_.end(), tensor) != used_.end()) continue;
      return refuse(fmt::format("it has no variable for {}", in_quotes(tensor->name)));
    }
    return true;
  }

  bool fold() {
    if (target_.folded == nullptr) return true;
    const std::string batch = "the batch normalisation " + in_quotes(target_.folded->name);
    const auto bias = values_.find("bias");
    if (bias == values_.end()) {
      return refuse(fmt::format("it has no bias, so {} cannot be folded into it", batch));
    }
    const std::string kernel = values_.contains("kernel") ? "kernel" : "depthwise_kernel";
    Tensor weights{"", variables_.at(kernel)->shape, std::move(values_[kernel])};
    if (!OutputScaling(*target_.folded).apply(kernel_kind(*target_.node), weights, bias->second)) {
      return refuse(fmt::format("{} behind it has another number of channels", batch));
    }
    if (!is_finite(weights.values) || !is_finite(bias->second)) {
      return refuse(fmt::format("{} behind it scales it beyond float32", batch));
    }
    values_[kernel] = std::move(weights.values);
    return true;
  }

  const Graph& graph_;
  const TorchTarget& target_;
  std::map<std::string, const Variable*> variables_;
  std::map<std::string, std::vector<float>> values_ = {};  // by the names behind the layer's own
  std::vector<const Tensor*> used_ = {};
  TorchFilling filling_ = {};
};

}  // namespace

TorchKernel kernel_kind(const Node& node) {
  if (node.type.starts_with("dense")) return TorchKernel::dense;
  if (node.type.starts_with("depthwise_conv2d")) return TorchKernel::depthwise;
  if (node.type.starts_with("conv2d_transpose")) return TorchKernel::transposed;
  return TorchKernel::convolution;
}

TorchFilling fill_from_torch(const Graph& graph, const TorchTarget& target) {
  return LayerFiller(graph, target).fill();
}

bool has_kernel(const Graph& graph, const Node& node) {
  const auto variables = variables_of(graph, node);
  return variables.contains("kernel") || variables.contains("depthwise_kernel");
}

}  // namespace bnn
