#include "bnn/layers/winograd_kernels.h"

#include "bnn/layers/winograd_tiling.h"
#include "bnn/math/packed_matrix.h"

namespace bnn {

int WinogradKernels::channels() const { return geometry_.window.input.channels; }

std::size_t WinogradKernels::gradient_step() const {
  return padded_step(positive(channels()) * positive(geometry_.filters));
}

std::size_t WinogradKernels::plain_step() const {
  return packed_size(channels(), geometry_.filters) + kAlignment;
}

std::size_t WinogradKernels::transposed_step() const {
  return packed_size(geometry_.filters, channels()) + kAlignment;
}

std::size_t WinogradKernels::prepared_size(bool input_gradients) const {
  const std::size_t step = plain_step() + (input_gradients ? transposed_step() : 0);
  return positive(kinds()) * positive(size_.positions()) * step;
}

// A kernel's place in prepared memory.
std::size_t WinogradKernels::plain_place(int kind) const {
  return positive(kind) * positive(size_.positions()) * plain_step();
}

std::size_t WinogradKernels::transposed_place(int kind) const {
  return plain_place(kinds()) + positive(kind) * positive(size_.positions()) * transposed_step();
}

void WinogradKernels::prepare(const PrepareArgs& args) const {
  const WeightTensor& kernel = geometry_.kernel;
  const bool is_perturbation = args.task == 1;
  if (is_perturbation && !kernel.differs_by_example(args.pass)) return;
  const float* taps = is_perturbation ? kernel.drawn(args.pass) : kernel.common(args.pass);
  float* plain = args.prepared + plain_place(args.task);
  transform_kernel(size_, taps, channels(), geometry_.filters, plain_step(), plain);
  if (!args.input_gradients) return;
  float* transposed = args.prepared + transposed_place(args.task);
  for (std::size_t position = 0; position < positive(size_.positions()); ++position) {
    transpose_packed({plain + position * plain_step(), channels(), geometry_.filters},
                     transposed + position * transposed_step());
  }
}

FlippedMatrix WinogradKernels::at(const Pass& pass, const float* prepared,
                                  std::size_t position) const {
  const float* common = prepared + position * plain_step();
  const bool differs = geometry_.kernel.differs_by_example(pass);
  return {common, differs ? common + plain_place(1) : nullptr, nullptr, nullptr, true};
}

FlippedMatrix WinogradKernels::transposed_at(const Pass& pass, const float* prepared,
                                             std::size_t position) const {
  const float* common = prepared + transposed_place(0) + position * transposed_step();
  const bool differs = geometry_.kernel.differs_by_example(pass);
  return {common, differs ? common + transposed_place(1) - transposed_place(0) : nullptr, nullptr,
          nullptr, true};
}

void WinogradKernels::add_gradients(const Pass& pass, const float* common,
                                    const float* perturbation, float* gradient) const {
  const WeightTensor& kernel = geometry_.kernel;
  const std::size_t kernels = static_cast<std::size_t>(geometry_.window.input.channels) *
                              static_cast<std::size_t>(geometry_.filters);
  add_transform_kernel_adjoint(size_, common, kernels, gradient_step(),
                               kernel.common_gradient(pass, gradient));
  if (!kernel.differs_by_example(pass)) return;
  add_transform_kernel_adjoint(size_, perturbation, kernels, gradient_step(),
                               kernel.drawn_gradient(gradient));
}

}  // namespace bnn
