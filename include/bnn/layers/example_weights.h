#pragma once
// Makes the weights of one example at a time, for the estimators that give every example different
// weights. The layer's kernel is [taps * inputs][outputs].
//
//   flipout               W_b = M + (s rᵀ) ∘ D, signs s and r of the example (bayes/flipout.h)
//   independent weights   W_b = M + S ∘ E_b, E_b standard normal
//   else                  all examples share W: the sample of the pass, or the means
//
// One thread uses an object, in one pass; what it takes from the scratch must outlive it.

#include <cstddef>
#include <span>

#include "bnn/layers/layer.h"
#include "bnn/layers/scratch.h"
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
  /// The weights that the example drawn last sees, until the next call.
  const float* weights(const Pass& pass);
  /// Adds the gradient g for the weights of the example drawn last to those for the mean and for
  /// what was drawn. Call it only if examples have different weights.
  void scatter(const Pass& pass, const float* g, float* gradient) const;

 private:
  bool draws_weights() const { return form_.kernel.draw == Draw::scale; }

  KernelForm form_;
  std::span<float> s_, r_;  // signs of one example
  float* weights_;          // of one example
  std::span<float> noise_;  // of independent weights
};

}  // namespace bnn
