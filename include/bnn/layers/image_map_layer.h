#pragma once
// Layers of a linear map of images (image_map.h), deterministic or under any estimator:
// y = f(map(x, W_b) + bias).
//
//   per example   each example has its own kernel in memory, W_b = M + D ∘ factors
//                 (factored_kernel.h). Flipout: the factors are the products of its signs.
//                 Independent weights: they are noise. One sample for the whole batch and
//                 deterministic layers: all examples share W.
//   local         (image_map_local.h)
//                 local reparameterization (Kingma, Salimans and Welling, 2015):
//                 y = map(x, M) + sqrt(map(x ∘ x, S ∘ S)) ∘ z, z standard normal.

#include <memory>

#include "bnn/layers/activation.h"
#include "bnn/layers/image_map.h"
#include "bnn/layers/weights.h"

namespace bnn {

struct ImageMapParts {
  std::shared_ptr<const ImageMap> map;
  Activation activation;
  LayerNoise noise;
  WeightTensor kernel, bias;
};

/// What all forms of such a layer have in common.
class ImageMapForm : public Layer {
 public:
  explicit ImageMapForm(ImageMapParts parts) : parts_(std::move(parts)) {}

  Shape output_shape() const final { return map().output(); }
  /// What the activation needs.
  std::size_t saved_size() const override {
    return needs_input(parts_.activation) ? output_size() : 0;
  }
  double multiply_adds() const override { return map().multiply_adds(); }

 protected:
  const ImageMap& map() const { return *parts_.map; }
  std::size_t input_size() const { return map().input().size(); }
  std::size_t output_size() const { return map().output().size(); }
  /// Adds the bias to the outputs of one example and applies the activation.
  void finish(const Pass& pass, float* output, float* saved) const;
  /// The gradient for what finish() was given, of example b; adds the bias's own gradient.
  const float* unfinished_gradient(const BackwardArgs& args, std::size_t b,
                                   const float* saved) const;

  ImageMapParts parts_;
};

/// A kernel for each example, or one that all share.
class ImageMapPerExample final : public ImageMapForm {
 public:
  using ImageMapForm::ImageMapForm;

  void forward(const ForwardArgs& args) const override;
  void backward(const BackwardArgs& args) const override;
  std::size_t scratch_size(int examples) const override;

 private:
  struct Buffers;
};

/// The implementation for an estimator.
std::unique_ptr<Layer> make_image_map_layer(Estimator estimator, const ImageMapParts& parts);

}  // namespace bnn
