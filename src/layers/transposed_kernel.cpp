#include "bnn/layers/transposed_kernel.h"

#include "bnn/math/packed_matrix.h"

namespace bnn {

std::size_t TransposedKernel::prepared_size(bool input_gradients) const {
  if (!input_gradients) return 0;
  return static_cast<std::size_t>(kinds()) * packed_size(filters_, depth_);
}

int TransposedKernel::prepare_tasks(bool input_gradients) const {
  return input_gradients ? kinds() : 0;
}

void TransposedKernel::prepare(const PrepareArgs& args) const {
  const bool is_perturbation = args.task == 1;
  if (is_perturbation && !kernel_.differs_by_example(args.pass)) return;
  const float* kernel = is_perturbation ? kernel_.drawn(args.pass) : kernel_.common(args.pass);
  pack_transposed(matrix(kernel, depth_, filters_),
                  args.prepared + (is_perturbation ? packed_size(filters_, depth_) : 0));
}

PackedMatrix TransposedKernel::perturbation(const float* prepared) const {
  return {prepared + packed_size(filters_, depth_), filters_, depth_};
}

}  // namespace bnn
