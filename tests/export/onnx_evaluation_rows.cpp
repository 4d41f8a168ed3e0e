// The operators of ONNX opset 13 that exports use, by plain loops in double, as its specification
// (onnx/docs/Operators.md) describes them. Those of images are in onnx_image_operators_rows.cpp.

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <stdexcept>

#include "export/onnx_operators.h"

namespace bnn::testing {

namespace {

std::size_t count(const Sizes& shape) {
  std::size_t size = 1;
  for (const std::int64_t n : shape) size *= static_cast<std::size_t>(n);
  return size;
}

}  // namespace

ReadTensor zeros(Sizes shape) {
  ReadTensor tensor{std::move(shape), {}};
  tensor.values.resize(count(tensor.shape));
  return tensor;
}

std::int64_t whole(const ReadNode& node, const std::string& name, std::int64_t otherwise) {
  const auto found = node.attributes.find(name);
  return found == node.attributes.end() ? otherwise : found->second.integers.at(0);
}

Sizes list(const ReadNode& node, const std::string& name, Sizes otherwise) {
  const auto found = node.attributes.find(name);
  return found == node.attributes.end() ? otherwise : found->second.integers;
}

Sizes index_of(std::size_t flat, const Sizes& shape) {
  Sizes index(shape.size());
  for (std::size_t d = shape.size(); d-- > 0;) {
    index[d] = static_cast<std::int64_t>(flat) % shape[d];
    flat /= static_cast<std::size_t>(shape[d]);
  }
  return index;
}

double broadcast_at(const ReadTensor& tensor, const Sizes& index) {
  const std::size_t skipped = index.size() - tensor.shape.size();
  std::size_t flat = 0;
  for (std::size_t d = 0; d < tensor.shape.size(); ++d) {
    const std::int64_t i = tensor.shape[d] == 1 ? 0 : index[d + skipped];
    flat = flat * static_cast<std::size_t>(tensor.shape[d]) + static_cast<std::size_t>(i);
  }
  return tensor.values.at(flat);
}

namespace {

Sizes broadcast_shape(const Inputs& inputs) {
  Sizes shape;
  for (const ReadTensor* input : inputs) {
    Sizes other = input->shape;
    while (other.size() < shape.size()) other.insert(other.begin(), 1);
    while (shape.size() < other.size()) shape.insert(shape.begin(), 1);
    for (std::size_t d = 0; d < shape.size(); ++d) {
      if (shape[d] != other[d] && shape[d] != 1 && other[d] != 1) {
        throw std::runtime_error("shapes that cannot be combined");
      }
      shape[d] = std::max(shape[d], other[d]);
    }
  }
  return shape;
}

ReadTensor combined(const Inputs& inputs, const std::function<double(double, double)>& f) {
  ReadTensor result = zeros(broadcast_shape(inputs));
  for (std::size_t i = 0; i < result.values.size(); ++i) {
    const Sizes index = index_of(i, result.shape);
    double value = broadcast_at(*inputs.at(0), index);
    for (std::size_t k = 1; k < inputs.size(); ++k)
      value = f(value, broadcast_at(*inputs[k], index));
    result.values[i] = value;
  }
  return result;
}

ReadTensor mapped(const Inputs& inputs, const std::function<double(double)>& f) {
  ReadTensor result = *inputs.at(0);
  for (double& value : result.values) value = f(value);
  return result;
}

ReadTensor gemm(const ReadTensor& x, const ReadTensor& kernel, const ReadTensor& bias) {
  ReadTensor result = zeros({x.shape.at(0), kernel.shape.at(0)});
  for (std::size_t i = 0; i < result.values.size(); ++i) {
    const Sizes at = index_of(i, result.shape);
    double sum = bias.values.at(static_cast<std::size_t>(at[1]));
    for (std::int64_t k = 0; k < x.shape.at(1); ++k) {
      sum += x.values.at(static_cast<std::size_t>(at[0] * x.shape[1] + k)) *
             kernel.values.at(static_cast<std::size_t>(at[1] * x.shape[1] + k));
    }
    result.values[i] = sum;
  }
  return result;
}

// One axis is summed or searched.
ReadTensor reduced(const ReadTensor& x, std::int64_t axis, bool keep, double start,
                   const std::function<double(double, double)>& f) {
  if (axis < 0) axis += static_cast<std::int64_t>(x.shape.size());
  Sizes shape = x.shape;
  shape[static_cast<std::size_t>(axis)] = 1;
  ReadTensor result = zeros(shape);
  std::fill(result.values.begin(), result.values.end(), start);
  for (std::size_t i = 0; i < x.values.size(); ++i) {
    Sizes at = index_of(i, x.shape);
    at[static_cast<std::size_t>(axis)] = 0;
    std::size_t flat = 0;
    for (std::size_t d = 0; d < shape.size(); ++d) {
      flat = flat * static_cast<std::size_t>(shape[d]) + static_cast<std::size_t>(at[d]);
    }
    result.values[flat] = f(result.values[flat], x.values[i]);
  }
  if (!keep) result.shape.erase(result.shape.begin() + axis);
  return result;
}

double plus(double a, double b) { return a + b; }
double larger(double a, double b) { return std::max(a, b); }

ReadTensor softmax(const ReadTensor& x, std::int64_t axis) {
  const ReadTensor top = reduced(x, axis, true, -std::numeric_limits<double>::infinity(), larger);
  const ReadTensor below = combined({&x, &top}, [](double a, double b) { return std::exp(a - b); });
  const ReadTensor sum = reduced(below, axis, true, 0, plus);
  return combined({&below, &sum}, std::divides<double>());
}

ReadTensor transposed(const ReadTensor& x, const Sizes& order) {
  Sizes shape;
  for (const std::int64_t d : order) shape.push_back(x.shape.at(static_cast<std::size_t>(d)));
  ReadTensor result = zeros(shape);
  for (std::size_t i = 0; i < result.values.size(); ++i) {
    const Sizes at = index_of(i, shape);
    Sizes from(at.size());
    for (std::size_t d = 0; d < at.size(); ++d) from[static_cast<std::size_t>(order[d])] = at[d];
    result.values[i] = broadcast_at(x, from);
  }
  return result;
}

ReadTensor joined(const Inputs& inputs, std::int64_t axis) {
  const auto a = static_cast<std::size_t>(axis);
  Sizes shape = inputs.at(0)->shape;
  shape[a] = 0;
  for (const ReadTensor* input : inputs) shape[a] += input->shape.at(a);
  ReadTensor result = zeros(shape);
  for (std::size_t i = 0; i < result.values.size(); ++i) {
    Sizes at = index_of(i, shape);
    std::size_t k = 0;
    for (; at[a] >= inputs[k]->shape[a]; ++k) at[a] -= inputs[k]->shape[a];
    result.values[i] = broadcast_at(*inputs[k], at);
  }
  return result;
}

// 0 keeps a size, -1 takes what is left.
ReadTensor reshaped(const ReadTensor& x, const ReadTensor& sizes) {
  ReadTensor result{{}, x.values};
  std::size_t known = 1;
  for (std::size_t d = 0; d < sizes.values.size(); ++d) {
    auto size = static_cast<std::int64_t>(sizes.values[d]);
    if (size == 0) size = x.shape.at(d);
    result.shape.push_back(size);
    if (size > 0) known *= static_cast<std::size_t>(size);
  }
  for (std::int64_t& size : result.shape) {
    if (size == -1) size = static_cast<std::int64_t>(x.values.size() / known);
  }
  return result;
}

ReadTensor computed(const ReadNode& node, const Inputs& in) {
  const std::string& type = node.type;
  const auto axis_of = [&](std::size_t input) {
    return static_cast<std::int64_t>(in.at(input)->values.at(0));
  };
  const bool keep = whole(node, "keepdims", 1) == 1;
  const auto attribute_axis = [&] { return list(node, "axes", {}).at(0); };
  if (type == "Conv" && in.size() == 2) {
    return convolved(node, *in.at(0), *in.at(1), zeros({in[1]->shape.at(0)}));
  }
  if (type == "Conv") return convolved(node, *in.at(0), *in.at(1), *in.at(2));
  if (type == "ConvTranspose") return spread(node, *in.at(0), *in.at(1), *in.at(2));
  if (type == "Gemm" && whole(node, "transB", 0) == 1) return gemm(*in.at(0), *in.at(1), *in.at(2));
  if (type == "MaxPool") {
    return pooled(node, *in.at(0), [](const std::vector<double>& cells) {
      return *std::max_element(cells.begin(), cells.end());
    });
  }
  if (type == "AveragePool" && whole(node, "count_include_pad", 0) == 0) {
    return pooled(node, *in.at(0), [](const std::vector<double>& cells) {
      return std::accumulate(cells.begin(), cells.end(), 0.0) / static_cast<double>(cells.size());
    });
  }
  if (type == "GlobalAveragePool") {
    const ReadTensor columns = reduced(*in.at(0), 3, true, 0, plus);
    const double pixels = static_cast<double>(in[0]->shape[2] * in[0]->shape[3]);
    ReadTensor sum = reduced(columns, 2, true, 0, plus);
    for (double& value : sum.values) value /= pixels;
    return sum;
  }
  if (type == "Flatten") {
    const std::int64_t n = in.at(0)->shape.at(0);
    return {{n, static_cast<std::int64_t>(in[0]->values.size()) / n}, in[0]->values};
  }
  if (type == "Transpose") return transposed(*in.at(0), list(node, "perm", {}));
  if (type == "Concat") return joined(in, whole(node, "axis", 0));
  if (type == "Unsqueeze") {  // axes of the result, ascending
    ReadTensor result = *in.at(0);
    for (const double axis : in.at(1)->values) {
      result.shape.insert(result.shape.begin() + static_cast<std::ptrdiff_t>(axis), 1);
    }
    return result;
  }
  if (type == "Pad") return padded(*in.at(0), in.at(1)->values);
  if (type == "Resize") return resized(node, *in.at(0), in.at(2)->values);
  if (type == "PRelu") {
    return combined(in, [](double x, double slope) { return x > 0 ? x : slope * x; });
  }
  if (type == "Identity") return *in.at(0);
  if (type == "Softmax") return softmax(*in.at(0), whole(node, "axis", -1));
  if (type == "ReduceSum") return reduced(*in.at(0), axis_of(1), keep, 0, plus);
  if (type == "ReduceMax") {
    return reduced(*in.at(0), attribute_axis(), keep, -std::numeric_limits<double>::infinity(),
                   larger);
  }
  if (type == "ReduceMean") {
    ReadTensor mean = *in.at(0);
    const Sizes axes = list(node, "axes", {});
    if (axes.size() > 1 && !keep) throw std::runtime_error("several axes that are not kept");
    for (const std::int64_t axis : axes) mean = reduced(mean, axis, keep, 0, plus);
    const double size = static_cast<double>(in[0]->values.size() / mean.values.size());
    for (double& value : mean.values) value /= size;
    return mean;
  }
  if (type == "BatchNormalization") return batch_normalized(node, in);
  if (type == "InstanceNormalization") return instance_normalized(node, in);
  if (type == "Reshape") return reshaped(*in.at(0), *in.at(1));
  if (type == "Sqrt") return mapped(in, [](double x) { return std::sqrt(x); });
  if (type == "Add" || type == "Sum") return combined(in, plus);
  if (type == "Sub") return combined(in, std::minus<double>());
  if (type == "Mul") return combined(in, std::multiplies<double>());
  if (type == "Div") return combined(in, std::divides<double>());
  if (type == "Max") return combined(in, larger);
  if (type == "Neg") return mapped(in, std::negate<double>());
  if (type == "Log") return mapped(in, [](double x) { return std::log(x); });
  if (type == "Exp") return mapped(in, [](double x) { return std::exp(x); });
  if (type == "Erf") return mapped(in, [](double x) { return std::erf(x); });
  if (type == "Tanh") return mapped(in, [](double x) { return std::tanh(x); });
  if (type == "Sigmoid") return mapped(in, [](double x) { return 1 / (1 + std::exp(-x)); });
  if (type == "Softplus") return mapped(in, [](double x) { return std::log1p(std::exp(x)); });
  if (type == "Relu") return mapped(in, [](double x) { return std::max(x, 0.0); });
  if (type == "Elu") return mapped(in, [](double x) { return x > 0 ? x : std::expm1(x); });
  if (type == "LeakyRelu") {
    const double slope = node.attributes.at("alpha").number;
    return mapped(in, [slope](double x) { return x > 0 ? x : slope * x; });
  }
  if (type == "Selu") {
    constexpr double kAlpha = 1.67326319217681884765625, kGamma = 1.05070102214813232421875;
    return mapped(in, [](double x) { return kGamma * (x > 0 ? x : kAlpha * std::expm1(x)); });
  }
  throw std::runtime_error("unknown operator " + type);
}

}  // namespace

std::map<std::string, ReadTensor> evaluate_onnx(const ReadOnnx& model, const ReadTensor& input) {
  std::map<std::string, ReadTensor> values = model.constants;
  values[model.inputs.at(0).first] = input;
  for (const ReadNode& node : model.nodes) {
    Inputs inputs;
    for (const std::string& name : node.inputs) {
      inputs.push_back(name.empty() ? nullptr : &values.at(name));
    }
    if (!values.emplace(node.outputs.at(0), computed(node, inputs)).second) {
      throw std::runtime_error("two values of the name " + node.outputs[0]);
    }
  }
  return values;
}

}  // namespace bnn::testing
