#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <stdexcept>

#include "export/onnx_operators.h"

namespace bnn::testing {
namespace {

// Of a convolution or a pooling.
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

}  // namespace

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

}  // namespace bnn::testing
