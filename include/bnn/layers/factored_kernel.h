#pragma once
// The kernel of one example in memory, W_b = M + D ∘ factors, where the factors are signs of
// flipout or the noise of independent weights; or the kernel that all examples share. For kernels
// that are small beside the work that they do. example_weights.h is for matrices that products
// assemble while they multiply.
//
// One thread uses an object, in one pass; what it takes from the scratch must outlive it.

#include <span>

#include "bnn/layers/image_map.h"
#include "bnn/layers/scratch.h"
#include "bnn/layers/weights.h"

namespace bnn {

class FactoredKernel {
 public:
  /// Cuts the memory. No other function may be called if the scratch counts.
  FactoredKernel(const ImageMap& map, const WeightTensor& kernel, const LayerNoise& noise,
                 Scratch& scratch);

  /// Makes the factors and the weights of example b, a position in pass.examples.
  void draw(const Pass& pass, std::size_t b);
  const float* weights(const Pass& pass) const;

  /// Where the gradient for the weights of the example drawn last is added. fold() then takes it
  /// apart: dL/dM = G, dL/dD = factors ∘ G.
  float* begin_gradient(const Pass& pass, float* gradient) const;
  void fold(const Pass& pass, float* gradient) const;

 private:
  void draw_factors(const Pass& pass, std::size_t b);

  const ImageMap& map_;
  WeightTensor kernel_;
  LayerNoise noise_;
  std::span<float> s_, r_;  // signs of channels
  std::span<float> factors_, weights_, gradient_;
};

}  // namespace bnn
