#pragma once
// Batch normalisation (Ioffe and Szegedy, ICML 2015): for each channel, mean and biased variance
// over pixels and examples.
//
// A training pass takes them over its shard, the "virtual batch" of tf.layers: nothing crosses
// shards, so `training.shards` is a hyper-parameter of such a network. All other passes take the
// running statistics
//
//   moving = momentum moving + (1 - momentum) batch,
//
// updated once a step from the moments of the whole batch (over all shards, averaged over the
// samples of the weights). They were gathered under sampled weights and are used as they are,
// whatever the weights of the prediction. A layer with "trainable": false uses its running
// statistics in training too and keeps them, as in Keras.

#include <memory>
#include <tuple>

#include "bnn/layers/normalization.h"

namespace bnn {

struct BatchNormalizationSpec : NormalizationSpec {
  double momentum = 0.99;

  /// The running statistics have one momentum, whoever shares them.
  auto variables() const {
    return std::tuple_cat(NormalizationSpec::variables(), std::tie(momentum));
  }
  std::unique_ptr<Layer> make(const LayerArguments& arguments) const;
};

BatchNormalizationSpec read_batch_normalization(ObjectReader& reader);

class BatchNormalization final : public Layer {
 public:
  BatchNormalization(const BatchNormalizationSpec& spec, const std::string& name,
                     const Shape& shape, ParameterLayout& layout);

  Shape output_shape() const override { return normalizer_.shape(); }
  void forward(const ForwardArgs& args) const override;
  void backward(const BackwardArgs& args) const override;
  std::size_t scratch_size(int examples) const override;
  std::size_t saved_size() const override { return normalizer_.saved_size(); }
  bool works_by_example() const override { return false; }
  int least_examples() const override;
  double state_values() const override;
  void update_state(const UpdateStateArgs& args) const override;

 private:
  struct Pieces;

  bool uses_shard(const Pass& pass) const { return pass.training && !is_frozen_; }
  void measure(const ForwardArgs& args, const Pieces& pieces) const;
  void add_moments(const ForwardArgs& args, const Pieces& pieces) const;
  void sum_gradient(const BackwardArgs& args, const Pieces& pieces) const;
  void correct(const Pass& pass, const Pieces& pieces) const;

  Normalizer normalizer_;
  float momentum_;
  bool is_frozen_;
  Slice moving_mean_, moving_variance_;
};

}  // namespace bnn
