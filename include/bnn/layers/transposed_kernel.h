#pragma once
// A kernel [depth][filters] transposed and packed (math/packed_matrix.h), for input gradients: what
// all examples share (means or the sample), and the perturbation if the kernel has one. A layer
// prepares them once for all shards of a pass (Layer::prepare).

#include <cstddef>

#include "bnn/layers/weights.h"

namespace bnn {

class TransposedKernel {
 public:
  TransposedKernel(const WeightTensor& kernel, int depth, int filters)
      : kernel_(kernel), depth_(depth), filters_(filters) {}

  // As Layer's functions, of a layer that prepares nothing else.
  std::size_t prepared_size(bool input_gradients) const;
  int prepare_tasks(bool input_gradients) const;
  void prepare(const PrepareArgs& args) const;

  PackedMatrix common(const float* prepared) const { return {prepared, filters_, depth_}; }
  PackedMatrix perturbation(const float* prepared) const;

 private:
  int kinds() const { return kernel_.draw == Draw::perturbation ? 2 : 1; }

  WeightTensor kernel_;
  int depth_, filters_;
};

}  // namespace bnn
