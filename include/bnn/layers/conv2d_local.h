#pragma once
// A convolution under local reparameterization (Kingma, Salimans and Welling, 2015): outputs are
// sampled instead of weights, Y = cols M + sqrt((cols ∘ cols) (S ∘ S)) ∘ Z. Passes without noise
// are those of a shared kernel.

#include <span>

#include "bnn/layers/conv2d_per_example.h"
#include "bnn/layers/conv2d_tiles.h"

namespace bnn {

class Conv2dLocal final : public Conv2dForm {
 public:
  explicit Conv2dLocal(const Conv2dGeometry& geometry) : Conv2dForm(geometry), mean_(geometry) {}

  void forward(const ForwardArgs& args) const override;
  void backward(const BackwardArgs& args) const override;
  std::size_t scratch_size(int examples) const override;
  /// Deviations of the outputs, then what the activation needs.
  std::size_t saved_size() const override;
  double multiply_adds() const override;

 private:
  struct Buffers;
  void forward_example(const ForwardArgs& args, std::size_t b, const Buffers& buffers) const;
  void backward_example(const BackwardArgs& args, std::size_t b, const Buffers& buffers) const;
  void backward_tile(const BackwardArgs& args, std::size_t b, const Tile& tile, float* dx,
                     const Buffers& buffers) const;
  const float* variance_gradient(const BackwardArgs& args, std::size_t b, const Tile& tile,
                                 const float* dz, const Buffers& buffers) const;
  void draw_noise(const Pass& pass, std::size_t b, std::size_t first, std::span<float> noise) const;

  Conv2dPerExample mean_;  // passes without noise
};

}  // namespace bnn
