#pragma once
// Fully connected layer, over a shard of n examples. Deterministic or with one sample of the
// weights for the batch, Y = f(X W + bias); flipout:
//
//   Y = f(X M + ((X ∘ S) D) ∘ R + bias)      X [n][inputs], M and D [inputs][units],
//                                            S [n][inputs] and R [n][units] signs
//
// Weights outnumber activations here, so a weight gradient for every shard would cost more memory
// traffic than arithmetic. It is deferred: once all shards have their output gradient, blocks of
// rows of M take every shard's contribution while they are in the cache.
//
// Local reparameterization and independent weights are the convolution of an image of one pixel.

#include <cstdint>
#include <memory>
#include <string>

#include "bnn/layers/activation.h"
#include "bnn/layers/layer_spec.h"
#include "bnn/layers/transposed_kernel.h"
#include "bnn/layers/weights.h"

namespace bnn {

class ObjectReader;

struct DenseSpec {
  int units = 0;
  Activation activation = Activation::linear;
  WeightsSpec weights = {};

  /// Declares the layer's variables and makes it.
  std::unique_ptr<Layer> make(const LayerArguments& arguments) const;
};

DenseSpec read_dense(ObjectReader& reader, WeightsKind kind);

class Dense final : public Layer {
 public:
  Dense(const DenseSpec& spec, const std::string& name, const LayerNoise& noise, int inputs,
        ParameterLayout& layout);

  Shape output_shape() const override { return flat_shape(units_); }
  void forward(const ForwardArgs& args) const override;
  void backward(const BackwardArgs& args) const override;
  bool works_by_example() const override { return false; }
  std::size_t scratch_size(int examples) const override;
  std::size_t prepared_size(bool input_gradients) const override;
  int prepare_tasks(bool input_gradients) const override;
  void prepare(const PrepareArgs& args) const override;
  std::size_t saved_size() const override;
  double multiply_adds() const override;

  int weight_gradient_blocks() const override;
  std::size_t weight_gradient_scratch(std::size_t shards, int examples) const override;
  void weight_gradient(const WeightGradientArgs& args) const override;

 private:
  struct BlockBuffers;

  int rows_per_block() const;
  static std::size_t flipped_group(const Products& products, std::span<const ShardView> shards);
  void flip_terms(std::span<const ShardView> shards, int first, int rows,
                  const BlockBuffers& buffers, std::span<ProductTerm> terms) const;
  BlockBuffers block_buffers(const WeightGradientArgs& args, int rows) const;
  void add_up(const WeightGradientArgs& args, std::span<const ProductTerm> terms,
              const BlockBuffers& buffers, Matrix gradient) const;
  TransposedKernel transposed() const { return {kernel_, inputs_, units_}; }
  void input_gradient(const BackwardArgs& args) const;
  void mean_gradient_block(const WeightGradientArgs& args, int first, int rows) const;
  void perturbation_gradient_block(const WeightGradientArgs& args, int first, int rows) const;

  int inputs_, units_;
  Activation activation_;
  LayerNoise noise_;
  WeightTensor kernel_, bias_;
};

}  // namespace bnn
