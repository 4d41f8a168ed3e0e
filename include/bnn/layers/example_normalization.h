#pragma once
// Normalisation of each example by itself. Batches, shards and prediction of a single image give
// the same numbers.
//
// group_normalization (Wu and He, ECCV 2018): mean and variance over the pixels and channels of a
// group of neighbouring channels. One group for all channels is layer normalisation, one for each
// channel (groups -1, as in Keras) instance normalisation.
//
// filter_response_normalization (Singh and Krishnan, CVPR 2020): for each channel,
//
//   nu² = mean over the pixels of x²,  y = gamma x / sqrt(nu² + epsilon) + beta,  z = max(y, tau)
//
// The last step is the thresholded linear unit, with a trained tau for each channel; "threshold":
// false leaves it out.

#include <memory>

#include "bnn/layers/normalization.h"

namespace bnn {

class ExampleNormalization final : public Layer {
 public:
  /// @param groups divides the number of channels
  /// @param subtracts_mean false: the mean is taken to be zero
  ExampleNormalization(const Normalizer& normalizer, std::size_t groups, bool subtracts_mean)
      : normalizer_(normalizer), groups_(groups), subtracts_mean_(subtracts_mean) {}

  Shape output_shape() const override { return normalizer_.shape(); }
  void forward(const ForwardArgs& args) const override;
  void backward(const BackwardArgs& args) const override;
  std::size_t scratch_size(int examples) const override;
  std::size_t saved_size() const override { return normalizer_.saved_size(); }

 private:
  void measure(const float* x, const NormalizationRows& rows) const;
  void correct(const Pass& pass, const NormalizationRows& rows) const;
  template <typename Value>
  double group_mean(std::size_t group, const Value& value) const;

  Normalizer normalizer_;
  std::size_t groups_;
  bool subtracts_mean_;
};

struct GroupNormalizationSpec : NormalizationSpec {
  int groups = 32;  // -1: one for each channel

  std::unique_ptr<Layer> make(const LayerArguments& arguments) const;
};

struct FilterResponseNormalizationSpec : NormalizationSpec {
  std::unique_ptr<Layer> make(const LayerArguments& arguments) const;
};

GroupNormalizationSpec read_group_normalization(ObjectReader& reader);
FilterResponseNormalizationSpec read_filter_response_normalization(ObjectReader& reader);

}  // namespace bnn
