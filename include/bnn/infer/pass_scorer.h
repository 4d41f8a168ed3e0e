#pragma once
// Numbers of a pass that the likelihood does not give: a predictor (predictor.h) calls a scorer
// with what the network made of a few images and hands the numbers on with the predictions.

#include <cstddef>
#include <span>

namespace bnn {

/// What one pass made of some images.
struct PassView {
  std::size_t images = 0;
  std::span<const float> outputs = {};   // [images][outputs of the network]
  std::span<const float> features = {};  // [images][features] (model/features.h); empty if there
                                         // are none or more than kMaxFeatures
};

/// Immutable and thread-safe. The numbers of an image are a function of its own row alone.
class PassScorer {
 public:
  virtual ~PassScorer() = default;

  /// How many numbers an image has.
  virtual std::size_t size() const = 0;
  /// @param scores [images][size()], overwritten
  virtual void score(const PassView& pass, std::span<float> scores) const = 0;
};

/// The features themselves, for what is fitted to those of many images.
class FeatureCopy : public PassScorer {
 public:
  /// @param features of the network, at most kMaxFeatures
  explicit FeatureCopy(std::size_t features) : features_(features) {}

  std::size_t size() const override { return features_; }
  void score(const PassView& pass, std::span<float> scores) const override;

 private:
  std::size_t features_;
};

}  // namespace bnn
