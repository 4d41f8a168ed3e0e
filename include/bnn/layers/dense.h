#pragma once
// Fully connected layer, deterministic or flipout, over a shard of n examples:
//
//   Y = f(X M + ((X ∘ S) D) ∘ R + bias)      X [n][inputs], M and D [inputs][units],
//                                            S [n][inputs] and R [n][units] signs
//
// Weights outnumber activations here, so a weight gradient for every shard would cost more memory
// traffic than arithmetic. It is deferred: once all shards have their output gradient, blocks of
// rows of M take every shard's contribution while they are in the cache.

#include <cstdint>
#include <string>

#include "bnn/layers/activation.h"
#include "bnn/layers/layer.h"
#include "bnn/layers/weights.h"

namespace bnn {

struct DenseSpec {
  int units = 0;
  Activation activation = Activation::linear;
  WeightsSpec weights = {};
};

class Dense final : public Layer {
 public:
  /// Declares the layer's variables. The input must be flat.
  Dense(const DenseSpec& spec, const std::string& name, std::uint32_t index, const Shape& input,
        ParameterLayout& layout);

  Shape output_shape() const override { return flat_shape(units_); }
  void forward(const ForwardArgs& args) const override;
  void backward(const BackwardArgs& args) const override;
  std::size_t scratch_size(int examples) const override;
  std::size_t saved_size() const override;
  double multiply_adds() const override;

  int weight_gradient_blocks() const override;
  std::size_t weight_gradient_scratch(std::size_t shards, int examples) const override;
  void weight_gradient(const WeightGradientArgs& args) const override;

 private:
  bool is_noisy(const Pass& pass) const {
    return kernel_.has_noise() && pass.perturbation != nullptr;
  }
  int rows_per_block() const;
  void input_gradient(const Pass& pass, const float* dz, float* dx, float* scratch) const;

  int inputs_, units_;
  Activation activation_;
  std::uint32_t index_;
  WeightTensor kernel_, bias_;
};

}  // namespace bnn
