#include "bnn/layers/winograd_kernels.h"

#include "bnn/layers/winograd_tiling.h"
#include "bnn/math/vector_ops.h"

namespace bnn {

std::size_t WinogradKernels::step() const {
  const auto channels = static_cast<std::size_t>(geometry_.window.input.channels);
  return padded_step(channels * static_cast<std::size_t>(geometry_.filters));
}

std::size_t WinogradKernels::prepared_size(ExecutionMode mode) const {
  const std::size_t kernels = static_cast<std::size_t>(kinds()) * size();
  return mode == ExecutionMode::training ? 2 * kernels : kernels;
}

void WinogradKernels::prepare(const PrepareArgs& args) const {
  const WeightTensor& kernel = geometry_.kernel;
  const bool is_perturbation = args.task == 1;
  if (is_perturbation && !kernel.differs_by_example(args.pass)) return;
  const float* taps = is_perturbation ? kernel.drawn(args.pass) : kernel.common(args.pass);
  float* plain = args.prepared + static_cast<std::size_t>(args.task) * size();
  const auto channels = static_cast<std::size_t>(geometry_.window.input.channels);
  const auto filters = static_cast<std::size_t>(geometry_.filters);
  transform_kernel(size_, taps, channels * filters, step(), plain);
  if (args.mode == ExecutionMode::inference) return;
  float* transposed = plain + static_cast<std::size_t>(kinds()) * size();
  for (std::size_t at = 0; at < size(); at += step()) {
    transpose(plain + at, channels, filters, transposed + at);
  }
}

FlippedMatrix WinogradKernels::at(const Pass& pass, const float* prepared,
                                  std::size_t position) const {
  const float* common = prepared + position * step();
  const bool differs = geometry_.kernel.differs_by_example(pass);
  return {common, differs ? common + size() : nullptr, nullptr, nullptr};
}

FlippedMatrix WinogradKernels::transposed_at(const Pass& pass, const float* prepared,
                                             std::size_t position) const {
  return at(pass, prepared + static_cast<std::size_t>(kinds()) * size(), position);
}

void WinogradKernels::add_gradients(const Pass& pass, const float* common,
                                    const float* perturbation, float* gradient) const {
  const WeightTensor& kernel = geometry_.kernel;
  const std::size_t kernels = static_cast<std::size_t>(geometry_.window.input.channels) *
                              static_cast<std::size_t>(geometry_.filters);
  add_transform_kernel_adjoint(size_, common, kernels, step(),
                               kernel.common_gradient(pass, gradient));
  if (!kernel.differs_by_example(pass)) return;
  add_transform_kernel_adjoint(size_, perturbation, kernels, step(),
                               kernel.drawn_gradient(gradient));
}

}  // namespace bnn
