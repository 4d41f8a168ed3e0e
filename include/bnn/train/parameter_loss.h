#pragma once
// The parts of the loss that do not depend on the data: the divergence of every posterior from its
// prior, and the penalties on variables.
//
//   loss = … + kl_scale sum over tensors KL(q || p) + sum over variables (l1 |x| + l2 x²)
//
// Trainable priors (empirical Bayes) are one location and one scale for a tensor; the scale moves
// as ln scale, so that it stays positive. A step is begin, add_gradient for every chunk (in any
// order, at the same time), finish. Where several processes train together, each adds its own
// chunks, and the terms of all are gathered before finish.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "bnn/core/aligned_array.h"
#include "bnn/model/chunks.h"

namespace bnn {

/// What a chunk adds to sums over all chunks, which are taken in the order of the chunks.
struct ChunkTerms {
  DivergenceSums divergence = {};
  double penalty = 0.0;
  double gradient_square = 0.0;  // of the gradient of the whole loss; written by the trainer
};

class ParameterLoss {
 public:
  /// Layout and chunks must outlive this.
  ParameterLoss(const ParameterLayout& layout, const std::vector<Chunk>& chunks, std::uint64_t seed,
                int workers);

  /// Takes the present values of trainable priors from the parameters.
  void begin(const float* parameters, std::uint64_t step);
  /// The chunk's share of the loss; without a gradient, that alone. Variables that are not trained
  /// count but get no gradient.
  void add_gradient(std::size_t chunk, int worker, const float* parameters, float kl_scale,
                    float* gradient);
  /// Overwrites the gradient for trainable priors: d/d loc, d/d ln scale.
  void finish(float kl_scale, float* gradient);

  /// The terms of all chunks, complete between the last add_gradient and finish.
  std::span<ChunkTerms> terms() { return terms_; }

  double kl() const { return kl_; }            // nats, undivided
  double penalty() const { return penalty_; }  // nats per example

  static std::size_t bytes(int workers);

 private:
  DivergenceSums add_divergence(const Chunk& chunk, int worker, const float* parameters,
                                float kl_scale, float* gradient);

  const ParameterLayout& layout_;
  const std::vector<Chunk>& chunks_;
  std::uint64_t seed_;
  std::uint32_t step_ = 0;
  std::vector<std::optional<Prior>> priors_;  // of each random tensor, as they are now
  std::vector<AlignedArray> scratch_;         // one per worker
  std::vector<ChunkTerms> terms_;             // of each chunk
  std::vector<DivergenceSums> tensor_sums_;   // of each random tensor
  double kl_ = 0.0, penalty_ = 0.0;
};

}  // namespace bnn
