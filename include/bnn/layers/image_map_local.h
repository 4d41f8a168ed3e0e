#pragma once
// A linear map of images under local reparameterization (Kingma, Salimans and Welling, 2015):
// outputs are sampled instead of weights, y = map(x, M) + sqrt(map(x ∘ x, S ∘ S)) ∘ z. Passes
// without noise are those of a shared kernel.

#include <span>

#include "bnn/layers/image_map_layer.h"

namespace bnn {

class ImageMapLocal final : public ImageMapForm {
 public:
  explicit ImageMapLocal(const ImageMapParts& parts) : ImageMapForm(parts), mean_(parts) {}

  void forward(const ForwardArgs& args) const override;
  void backward(const BackwardArgs& args) const override;
  std::size_t scratch_size(int examples) const override;
  /// Deviations of the outputs, then what the activation needs.
  std::size_t saved_size() const override { return output_size() + mean_.saved_size(); }
  double multiply_adds() const override { return 2.0 * mean_.multiply_adds(); }
  /// The scales are squared once for all examples.
  bool works_by_example() const override { return false; }

 private:
  struct Buffers;
  void backward_example(const BackwardArgs& args, std::size_t b, const Buffers& buffers) const;
  void draw_noise(const Pass& pass, std::size_t b, std::span<float> noise) const;

  ImageMapPerExample mean_;  // passes without noise
};

}  // namespace bnn
