#pragma once
// Makes the weights of one example at a time, for the estimators that give every example different
// weights. The layer's kernel is [taps * inputs][outputs].
//
//   flipout               W_b = M + (s rᵀ) ∘ D, signs s and r of the example (bayes/flipout.h);
//                         flipped products take M, D, s and r instead (math/products.h)
//   independent weights   W_b = M + S ∘ E_b, E_b standard normal
//   else                  all examples share W: the sample of the pass, or the means
//
// One thread uses an object, in one pass; what it takes from the scratch must outlive it.

#include <cstddef>
#include <span>

#include "bnn/layers/layer.h"
#include "bnn/layers/scratch.h"
#include "bnn/layers/transposed_kernel.h"
#include "bnn/layers/weights.h"

namespace bnn {

/// The form of a kernel as the estimators see it.
struct KernelForm {
  WeightTensor kernel;
  LayerNoise noise;
  int taps = 1;                         // positions that share the signs of the inputs
  std::size_t inputs = 0, outputs = 0;  // channels that enter and leave

  std::size_t size() const { return kernel.size(); }
};

class ExampleWeights {
 public:
  /// Cuts the memory. No other function may be called if the scratch counts.
  ExampleWeights(const KernelForm& form, Scratch& scratch);

  /// Draws the noise of example b, a position in pass.examples.
  void draw(const Pass& pass, std::size_t b);

  /// Whether flipped products make the weights while they multiply. Then the functions whose names
  /// begin with "flipped" are for the example drawn last.
  bool is_flipped(const Pass& pass) const;
  FlippedMatrix flipped(const Pass& pass) const;  // [taps * inputs][outputs]
  FlippedMatrixGradient flipped_gradient(const Pass& pass, float* gradient) const;
  /// [outputs][taps * inputs], from what was prepared.
  FlippedMatrix flipped_transposed(const TransposedKernel& kernel, const float* prepared) const;

  /// Otherwise: the weights that the example drawn last sees, until the next call.
  const float* weights(const Pass& pass);
  /// Memory for one example's weights, transposed or not, or their gradient, [taps * inputs]
  /// [outputs].
  float* gradient() const { return gradient_; }
  /// Whether weights() are the example's own. Then scatter adds gradient() for the example drawn
  /// last to the gradients for the mean and for what was drawn.
  bool are_own(const Pass& pass) const;
  void scatter(const Pass& pass, float* gradient) const;

 private:
  bool draws_weights() const { return form_.kernel.draw == Draw::scale; }
  std::size_t rows() const { return static_cast<std::size_t>(form_.taps) * form_.inputs; }

  KernelForm form_;
  std::span<float> s_, r_;  // signs of one example; those of the inputs are repeated for each tap
  float* gradient_;         // of one example
  float* weights_;          // of one example, and
  std::span<float> noise_;  // its noise: of independent weights alone
};

}  // namespace bnn
