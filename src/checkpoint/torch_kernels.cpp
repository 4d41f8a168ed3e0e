#include "bnn/checkpoint/torch_kernels.h"

#include <array>
#include <cmath>
#include <utility>

namespace bnn {
namespace {

using Sizes = std::vector<std::int64_t>;

std::size_t at(const Sizes& sizes, std::size_t i) { return static_cast<std::size_t>(sizes[i]); }

// Dimension i of the result is dimension order[i] of the tensor, which has four.
Tensor permuted(const Tensor& tensor, const std::array<std::size_t, 4>& order) {
  Tensor result{tensor.name, {}, {}};
  for (const std::size_t dimension : order) result.shape.push_back(tensor.shape[dimension]);
  std::array<std::size_t, 4> strides = {}, steps = {};
  std::size_t stride = 1;
  for (std::size_t i = 4; i-- > 0;) {
    strides[i] = stride;
    stride *= at(tensor.shape, i);
  }
  for (std::size_t i = 0; i < 4; ++i) steps[i] = strides[order[i]];
  result.values.reserve(tensor.values.size());
  for (std::size_t a = 0; a < at(result.shape, 0); ++a) {
    for (std::size_t b = 0; b < at(result.shape, 1); ++b) {
      for (std::size_t c = 0; c < at(result.shape, 2); ++c) {
        for (std::size_t d = 0; d < at(result.shape, 3); ++d) {
          result.values.push_back(
              tensor.values[a * steps[0] + b * steps[1] + c * steps[2] + d * steps[3]]);
        }
      }
    }
  }
  return result;
}

// The row of PyTorch's order that is row `row` of ours: [channel][pixel] beside [pixel][channel].
std::size_t torch_row(std::size_t row, const std::optional<Shape>& flattened) {
  if (!flattened) return row;
  const auto channels = static_cast<std::size_t>(flattened->channels);
  return row % channels * flattened->pixels() + row / channels;
}

Tensor dense_kernel(const Tensor& weight, const std::optional<Shape>& flattened) {
  const std::size_t outputs = at(weight.shape, 0), inputs = at(weight.shape, 1);
  Tensor result{weight.name, {weight.shape[1], weight.shape[0]}, {}};
  result.values.resize(weight.values.size());
  const bool turns = flattened && flattened->size() == inputs;
  for (std::size_t i = 0; i < inputs; ++i) {
    const std::size_t from = turns ? torch_row(i, flattened) : i;
    for (std::size_t o = 0; o < outputs; ++o) {
      result.values[i * outputs + o] = weight.values[o * inputs + from];
    }
  }
  return result;
}

Tensor depthwise_kernel(const Tensor& weight, const Sizes& shape) {
  const std::int64_t channels = shape[2];
  if (weight.shape[1] != 1 || channels == 0 || weight.shape[0] % channels != 0) return weight;
  Tensor split = weight;
  split.shape = {channels, weight.shape[0] / channels, weight.shape[2], weight.shape[3]};
  return permuted(split, {2, 3, 0, 1});
}

}  // namespace

Tensor kernel_of_torch(const Tensor& weight, TorchKernel kind, const Sizes& shape,
                       const std::optional<Shape>& flattened) {
  const std::size_t rank = kind == TorchKernel::dense ? 2 : 4;
  // Without numbers, the other dimensions of a hostile file may be of any size.
  if (weight.shape.size() != rank || shape.size() != rank || weight.values.empty()) return weight;
  switch (kind) {
    case TorchKernel::dense:
      return dense_kernel(weight, flattened);
    case TorchKernel::depthwise:
      return depthwise_kernel(weight, shape);
    case TorchKernel::convolution:
    case TorchKernel::transposed:
      break;
  }
  return permuted(weight, {2, 3, 1, 0});
}

void turn_flattened(const std::optional<Shape>& flattened, std::vector<float>& values) {
  if (!flattened || flattened->size() != values.size()) return;
  std::vector<float> turned;
  for (std::size_t i = 0; i < values.size(); ++i) turned.push_back(values[torch_row(i, flattened)]);
  values = std::move(turned);
}

OutputScaling::OutputScaling(const TorchModule& normalization) {
  const auto number = [&](const char* name, std::size_t i, double otherwise) {
    const Tensor* tensor = normalization.find(name);
    return tensor != nullptr ? static_cast<double>(tensor->values[i]) : otherwise;
  };
  const std::size_t outputs = normalization.find("running_mean")->values.size();
  for (const auto& [name, tensor] : normalization.tensors) {
    if (tensor->values.size() != outputs) return;
  }
  for (std::size_t o = 0; o < outputs; ++o) {
    const double deviation = std::sqrt(number("running_var", o, 1.0) + kTorchEpsilon);
    factors.push_back(number("weight", o, 1.0) / deviation);
    summands.push_back(number("bias", o, 0.0) - factors[o] * number("running_mean", o, 0.0));
  }
}

bool OutputScaling::apply(TorchKernel kind, Tensor& kernel, std::vector<float>& bias) const {
  if (bias.size() != factors.size() || kernel.shape.size() < 2) return false;
  // Numbers between one output's weight and the next output's.
  const std::size_t stride = kind == TorchKernel::transposed ? at(kernel.shape, 3) : 1;
  for (std::size_t i = 0; i < kernel.values.size(); ++i) {
    const std::size_t o = i / stride % factors.size();
    kernel.values[i] = static_cast<float>(static_cast<double>(kernel.values[i]) * factors[o]);
  }
  for (std::size_t o = 0; o < bias.size(); ++o) {
    bias[o] = static_cast<float>(static_cast<double>(bias[o]) * factors[o] + summands[o]);
  }
  return true;
}

}  // namespace bnn
