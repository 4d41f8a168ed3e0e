// The operators of ONNX opset 13 that exports use, by plain loops in double, as its specification
// (onnx/docs/Operators.md) describes them.

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <stdexcept>

#include "export/onnx_reader.h"

namespace bnn::testing {
namespace {

using Sizes = std::vector<std::int64_t>;
using Inputs = std::vector<const ReadTensor*>;

std::size_t count(const Sizes& shape) {
  std::size_t size = 1;
  for (const std::int64_t n : shape) size *= static_cast<std::size_t>(n);
  return size;
}

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

// The index of a flat position in every dimension.
Sizes index_of(std::size_t flat, const Sizes& shape) {
  Sizes index(shape.size());
  for (std::size_t d = shape.size(); d-- > 0;) {
    index[d] = static_cast<std::int64_t>(flat) % shape[d];
    flat /= static_cast<std::size_t>(shape[d]);
  }
  return index;
}

// Sizes of 1 are repeated, and missing dimensions are in front.
double broadcast_at(const ReadTensor& tensor, const Sizes& index) {
  const std::size_t skipped = index.size() - tensor.shape.size();
  std::size_t flat = 0;
  for (std::size_t d = 0; d < tensor.shape.size(); ++d) {
    const std::int64_t i = tensor.shape[d] == 1 ? 0 : index[d + skipped];
    flat = flat * static_cast<std::size_t>(tensor.shape[d]) + static_cast<std::size_t>(i);
  }
  return tensor.values.at(flat);
}

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

// Calls visit(channel, output row, output column, cell) for each cell of each window; cell is the
// input's row and column, which may lie outside.
struct WindowSizes {
  Sizes kernel, strides, pads, dilations;

  WindowSizes(const ReadNode& node, const Sizes& fallback)
      : kernel(list(node, "kernel_shape", fallback)),
        strides(list(node, "strides", {1, 1})),
        pads(list(node, "pads", {0, 0, 0, 0})),
        dilations(list(node, "dilations", {1, 1})) {}
  std::int64_t outputs(std::size_t axis, std::int64_t size) const {
    const std::int64_t covered = dilations[axis] * (kernel[axis] - 1) + 1;
    return (size + pads[axis] + pads[axis + 2] - covered) / strides[axis] + 1;
  }
};

double image_at(const ReadTensor& x, std::int64_t n, std::int64_t c, std::int64_t y,
                std::int64_t column) {
  return x.values.at(
      static_cast<std::size_t>(((n * x.shape[1] + c) * x.shape[2] + y) * x.shape[3] + column));
}

// Every window of one channel's map, as the values inside the image.
ReadTensor pooled(const ReadNode& node, const ReadTensor& x,
                  const std::function<double(const std::vector<double>&)>& f) {
  const WindowSizes w(node, {});
  ReadTensor result =
      zeros({x.shape[0], x.shape[1], w.outputs(0, x.shape[2]), w.outputs(1, x.shape[3])});
  for (std::size_t i = 0; i < result.values.size(); ++i) {
    const Sizes at = index_of(i, result.shape);
    std::vector<double> cells;
    for (std::int64_t ky = 0; ky < w.kernel[0]; ++ky) {
      for (std::int64_t kx = 0; kx < w.kernel[1]; ++kx) {
        const std::int64_t y = at[2] * w.strides[0] + ky - w.pads[0];
        const std::int64_t column = at[3] * w.strides[1] + kx - w.pads[1];
        if (y < 0 || column < 0 || y >= x.shape[2] || column >= x.shape[3]) continue;
        cells.push_back(image_at(x, at[0], at[1], y, column));
      }
    }
    result.values[i] = f(cells);
  }
  return result;
}

ReadTensor convolved(const ReadNode& node, const ReadTensor& x, const ReadTensor& kernel,
                     const ReadTensor& bias) {
  const WindowSizes w(node, {kernel.shape[2], kernel.shape[3]});
  const std::int64_t groups = whole(node, "group", 1);
  if (kernel.shape[1] * groups != x.shape[1]) throw std::runtime_error("groups that do not fit");
  ReadTensor result =
      zeros({x.shape[0], kernel.shape[0], w.outputs(0, x.shape[2]), w.outputs(1, x.shape[3])});
  for (std::size_t i = 0; i < result.values.size(); ++i) {
    const Sizes at = index_of(i, result.shape);
    double sum = bias.values.at(static_cast<std::size_t>(at[1]));
    const std::int64_t first = at[1] / (kernel.shape[0] / groups) * kernel.shape[1];
    for (std::int64_t c = 0; c < kernel.shape[1]; ++c) {
      for (std::int64_t ky = 0; ky < w.kernel[0]; ++ky) {
        for (std::int64_t kx = 0; kx < w.kernel[1]; ++kx) {
          const std::int64_t y = at[2] * w.strides[0] + ky * w.dilations[0] - w.pads[0];
          const std::int64_t column = at[3] * w.strides[1] + kx * w.dilations[1] - w.pads[1];
          if (y < 0 || column < 0 || y >= x.shape[2] || column >= x.shape[3]) continue;
          sum += image_at(x, at[0], first + c, y, column) * image_at(kernel, at[1], c, ky, kx);
        }
      }
    }
    result.values[i] = sum;
  }
  return result;
}

// Every input is spread over a window of outputs; what lies outside is cut.
ReadTensor spread(const ReadNode& node, const ReadTensor& x, const ReadTensor& kernel,
                  const ReadTensor& bias) {
  const WindowSizes w(node, {kernel.shape[2], kernel.shape[3]});
  const Sizes more = list(node, "output_padding", {0, 0});
  const auto outputs = [&](std::size_t a) {
    return w.strides[a] * (x.shape[a + 2] - 1) + more[a] + (w.kernel[a] - 1) * w.dilations[a] + 1 -
           w.pads[a] - w.pads[a + 2];
  };
  ReadTensor result = zeros({x.shape[0], kernel.shape[1], outputs(0), outputs(1)});
  for (std::size_t i = 0; i < result.values.size(); ++i) {
    result.values[i] = bias.values.at(static_cast<std::size_t>(index_of(i, result.shape)[1]));
  }
  for (std::size_t i = 0; i < kernel.values.size() * static_cast<std::size_t>(x.shape[0]); ++i) {
    const Sizes from = index_of(i % kernel.values.size(), kernel.shape);
    const auto n = static_cast<std::int64_t>(i / kernel.values.size());
    for (std::int64_t pixel = 0; pixel < x.shape[2] * x.shape[3]; ++pixel) {
      const std::int64_t y = pixel / x.shape[3], column = pixel % x.shape[3];
      const std::int64_t row = y * w.strides[0] + from[2] * w.dilations[0] - w.pads[0];
      const std::int64_t to = column * w.strides[1] + from[3] * w.dilations[1] - w.pads[1];
      if (row < 0 || to < 0 || row >= result.shape[2] || to >= result.shape[3]) continue;
      const std::int64_t place =
          ((n * result.shape[1] + from[1]) * result.shape[2] + row) * result.shape[3] + to;
      result.values.at(static_cast<std::size_t>(place)) +=
          image_at(x, n, from[0], y, column) * kernel.values[i % kernel.values.size()];
    }
  }
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

ReadTensor padded(const ReadTensor& x, const std::vector<double>& pads) {
  const auto pad = [&](std::size_t i) { return static_cast<std::int64_t>(pads.at(i)); };
  const std::size_t rank = x.shape.size();
  Sizes shape = x.shape;
  for (std::size_t d = 0; d < rank; ++d) shape[d] += pad(d) + pad(d + rank);
  ReadTensor result = zeros(shape);
  for (std::size_t i = 0; i < result.values.size(); ++i) {
    Sizes at = index_of(i, shape);
    bool inside = true;
    for (std::size_t d = 0; d < rank; ++d) {
      at[d] -= pad(d);
      inside = inside && at[d] >= 0 && at[d] < x.shape[d];
    }
    if (inside) result.values[i] = broadcast_at(x, at);
  }
  return result;
}

// The weights of the input's rows for one of the output; of columns the same.
std::map<std::int64_t, double> resize_weights(const ReadNode& node, double output, double scale,
                                              std::int64_t size) {
  const auto text = [&](const std::string& name, const std::string& otherwise) {
    const auto found = node.attributes.find(name);
    return found == node.attributes.end() ? otherwise : found->second.text;
  };
  const std::string transformation = text("coordinate_transformation_mode", "half_pixel");
  const auto inside = [&](double at) {
    return static_cast<std::int64_t>(std::clamp(at, 0.0, static_cast<double>(size - 1)));
  };
  if (text("mode", "nearest") == "nearest") {
    if (transformation != "asymmetric" || text("nearest_mode", "") != "floor") {
      throw std::runtime_error("a way to resize that is not known");
    }
    return {{inside(std::floor(output / scale)), 1.0}};
  }
  if (transformation != "half_pixel" || text("mode", "") != "linear") {
    throw std::runtime_error("a way to resize that is not known");
  }
  const double x = (output + 0.5) / scale - 0.5;
  std::map<std::int64_t, double> weights;
  weights[inside(std::floor(x))] += 1 - (x - std::floor(x));
  weights[inside(std::floor(x) + 1)] += x - std::floor(x);
  return weights;
}

ReadTensor resized(const ReadNode& node, const ReadTensor& x, const std::vector<double>& scales) {
  Sizes shape = x.shape;
  for (std::size_t d = 0; d < 4; ++d) {
    shape.at(d) = static_cast<std::int64_t>(static_cast<double>(shape[d]) * scales.at(d));
  }
  ReadTensor result = zeros(shape);
  for (std::size_t i = 0; i < result.values.size(); ++i) {
    const Sizes at = index_of(i, shape);
    const auto weights = [&](std::size_t axis) {
      return resize_weights(node, static_cast<double>(at[axis]), scales[axis], x.shape[axis]);
    };
    for (const auto& [y, of_row] : weights(2)) {
      for (const auto& [column, of_column] : weights(3)) {
        result.values[i] += of_row * of_column * image_at(x, at[0], at[1], y, column);
      }
    }
  }
  return result;
}

// (x - mean) / sqrt(variance + epsilon) scale + bias, all of one number a channel.
ReadTensor batch_normalized(const ReadNode& node, const Inputs& in) {
  const double epsilon = node.attributes.at("epsilon").number;
  ReadTensor result = *in.at(0);
  for (std::size_t i = 0; i < result.values.size(); ++i) {
    const auto c = static_cast<std::size_t>(index_of(i, result.shape).at(1));
    result.values[i] = (result.values[i] - in.at(3)->values.at(c)) /
                           std::sqrt(in.at(4)->values.at(c) + epsilon) * in.at(1)->values.at(c) +
                       in.at(2)->values.at(c);
  }
  return result;
}

// The same with the moments of each example and channel.
ReadTensor instance_normalized(const ReadNode& node, const Inputs& in) {
  const double epsilon = node.attributes.at("epsilon").number;
  ReadTensor result = *in.at(0);
  const auto channels = static_cast<std::size_t>(result.shape.at(1));
  const std::size_t pixels =
      result.values.size() / channels / static_cast<std::size_t>(result.shape.at(0));
  for (std::size_t first = 0; first < result.values.size(); first += pixels) {
    double* x = result.values.data() + first;
    const double mean = std::accumulate(x, x + pixels, 0.0) / static_cast<double>(pixels);
    double variance = 0.0;
    for (std::size_t i = 0; i < pixels; ++i) {
      variance += (x[i] - mean) * (x[i] - mean) / static_cast<double>(pixels);
    }
    const std::size_t c = first / pixels % channels;
    for (std::size_t i = 0; i < pixels; ++i) {
      x[i] = (x[i] - mean) / std::sqrt(variance + epsilon) * in.at(1)->values.at(c) +
             in.at(2)->values.at(c);
    }
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
