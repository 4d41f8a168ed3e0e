#pragma once
// The kernels of a convolution in Winograd's form (math/winograd.h), transformed once for all
// shards of a pass: means or the shared sample, and the perturbation if the layer has one. Training
// reads them transposed too.
//
// Prepared memory holds [plain, transposed][common, perturbation], each [positions][step()].

#include <cstddef>

#include "bnn/layers/conv2d.h"
#include "bnn/math/winograd.h"

namespace bnn {

class WinogradKernels {
 public:
  WinogradKernels(WinogradSize size, const Conv2dGeometry& geometry)
      : size_(size), geometry_(geometry) {}

  /// Floats from one position of a kernel to the next.
  std::size_t step() const;
  /// Floats of a transformed kernel.
  std::size_t size() const { return static_cast<std::size_t>(size_.positions()) * step(); }

  // As Layer's functions.
  std::size_t prepared_size(ExecutionMode mode) const;
  int prepare_tasks() const { return kinds(); }
  void prepare(const PrepareArgs& args) const;

  /// The kernels of one position: [channels][filters], or transposed. The signs are null, and the
  /// perturbation is where all examples of the pass share their weights.
  FlippedMatrix at(const Pass& pass, const float* prepared, std::size_t position) const;
  FlippedMatrix transposed_at(const Pass& pass, const float* prepared, std::size_t position) const;

  /// Adds the adjoint of the transform of gradients like a transformed kernel to the gradients for
  /// what was transformed. `perturbation` is read if examples differ.
  void add_gradients(const Pass& pass, const float* common, const float* perturbation,
                     float* gradient) const;

 private:
  /// 2 with a perturbation.
  int kinds() const { return geometry_.kernel.draw == Draw::perturbation ? 2 : 1; }

  WinogradSize size_;
  const Conv2dGeometry& geometry_;
};

}  // namespace bnn
