#pragma once
// Modules of PyTorch as plain loops in double, written from its documentation: an image is
// [channel][row][column], and kernels lie as its state_dict holds them.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "bnn/files/safetensors.h"
#include "support/layer_fixture.h"

namespace bnn::testing {

/// One image, or a vector with one row and column.
struct TorchImage {
  int channels, height = 1, width = 1;
  Numbers values = {};

  TorchImage(int c, int h, int w)
      : channels(c), height(h), width(w), values(static_cast<std::size_t>(c * h * w)) {}
  double& at(int c, int y, int x) {
    return values[static_cast<std::size_t>((c * height + y) * width + x)];
  }
  double at(int c, int y, int x) const {
    return values[static_cast<std::size_t>((c * height + y) * width + x)];
  }
};

/// A state_dict, by the names of tensors.
class StateDict {
 public:
  void add(const std::string& name, std::vector<std::int64_t> shape, std::vector<float> values) {
    tensors_[name] = {name, std::move(shape), std::move(values)};
  }
  /// Random numbers of the sizes that trained weights have.
  void add_random(const std::string& name, std::vector<std::int64_t> shape, float scale = 0.4f) {
    std::size_t size = 1;
    for (const std::int64_t n : shape) size *= static_cast<std::size_t>(n);
    add(name, std::move(shape), random_numbers(size, ++seed_, scale));
  }
  void add_batch_norm(const std::string& name, std::int64_t channels) {
    for (const char* tensor : {".weight", ".bias", ".running_mean", ".running_var"}) {
      add_random(name + tensor, {channels});
    }
    for (float& x : tensors_[name + ".weight"].values) x += 1.0f;
    for (float& x : tensors_[name + ".running_var"].values) x = 0.01f + std::abs(x);
  }
  void erase(const std::string& name) { tensors_.erase(name); }
  double number(const std::string& name, std::size_t i) const {
    return static_cast<double>(tensors_.at(name).values.at(i));
  }
  bool has(const std::string& name) const { return tensors_.count(name) > 0; }
  const Tensor& tensor(const std::string& name) const { return tensors_.at(name); }
  std::vector<Tensor> tensors(const std::string& prefix = "") const {
    std::vector<Tensor> list;
    for (const auto& [name, tensor] : tensors_) {
      list.push_back(tensor);
      list.back().name = prefix + name;
    }
    return list;
  }

 private:
  std::map<std::string, Tensor> tensors_;
  std::uint32_t seed_ = 100;
};

inline TorchImage torch_conv2d(const StateDict& state, const std::string& name, const TorchImage& x,
                               int stride, int padding) {
  const auto& shape = state.tensor(name + ".weight").shape;
  const auto size = [&](std::size_t i) { return static_cast<int>(shape[i]); };
  TorchImage y(size(0), (x.height + 2 * padding - size(2)) / stride + 1,
               (x.width + 2 * padding - size(3)) / stride + 1);
  for (int o = 0; o < y.channels; ++o) {
    for (int row = 0; row < y.height; ++row) {
      for (int column = 0; column < y.width; ++column) {
        double sum = state.has(name + ".bias")
                         ? state.number(name + ".bias", static_cast<std::size_t>(o))
                         : 0.0;
        for (int c = 0; c < x.channels; ++c) {
          for (int i = 0; i < size(2); ++i) {
            for (int j = 0; j < size(3); ++j) {
              const int from = row * stride + i - padding, at = column * stride + j - padding;
              if (from < 0 || at < 0 || from >= x.height || at >= x.width) continue;
              const int place = ((o * x.channels + c) * size(2) + i) * size(3) + j;
              sum += state.number(name + ".weight", static_cast<std::size_t>(place)) *
                     x.at(c, from, at);
            }
          }
        }
        y.at(o, row, column) = sum;
      }
    }
  }
  return y;
}

/// In evaluation.
inline TorchImage torch_batch_norm(const StateDict& state, const std::string& name, TorchImage x,
                                   double epsilon = 1e-5) {
  for (int c = 0; c < x.channels; ++c) {
    const auto number = [&](const char* tensor) {
      return state.number(name + tensor, static_cast<std::size_t>(c));
    };
    for (int i = 0; i < x.height * x.width; ++i) {
      double& value = x.at(c, 0, i);
      value = (value - number(".running_mean")) / std::sqrt(number(".running_var") + epsilon) *
                  number(".weight") +
              number(".bias");
    }
  }
  return x;
}

inline TorchImage torch_relu(TorchImage x) {
  for (double& value : x.values) value = std::max(value, 0.0);
  return x;
}

inline TorchImage torch_flatten(const TorchImage& x) {
  TorchImage y(x.channels * x.height * x.width, 1, 1);
  y.values = x.values;
  return y;
}

inline TorchImage torch_linear(const StateDict& state, const std::string& name,
                               const TorchImage& x) {
  TorchImage y(static_cast<int>(state.tensor(name + ".weight").shape[0]), 1, 1);
  for (int o = 0; o < y.channels; ++o) {
    double sum = state.number(name + ".bias", static_cast<std::size_t>(o));
    for (int i = 0; i < x.channels; ++i) {
      sum += state.number(name + ".weight", static_cast<std::size_t>(o * x.channels + i)) *
             x.values[static_cast<std::size_t>(i)];
    }
    y.at(o, 0, 0) = sum;
  }
  return y;
}

}  // namespace bnn::testing
