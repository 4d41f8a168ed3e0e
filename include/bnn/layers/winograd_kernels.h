#pragma once
// The kernels of a convolution in Winograd's form (math/winograd.h), transformed once for all
// shards of a pass: means or the shared sample, and the perturbation if the layer has one. Input
// gradients read them transposed too.
//
// Prepared memory holds [plain, transposed][common, perturbation], each [positions] of packed
// matrices (math/packed_matrix.h).

#include <cstddef>

#include "bnn/layers/conv2d.h"
#include "bnn/layers/winograd_tiling.h"
#include "bnn/math/winograd.h"

namespace bnn {

class WinogradKernels {
 public:
  WinogradKernels(WinogradSize size, const Conv2dGeometry& geometry)
      : size_(size), geometry_(geometry) {}

  /// The gradient for a transformed kernel: floats from one position to the next, and of all. At
  /// each position lies [channels][filters].
  std::size_t gradient_step() const;
  std::size_t gradient_size() const { return positive(size_.positions()) * gradient_step(); }

  // As Layer's functions.
  std::size_t prepared_size(bool input_gradients) const;
  int prepare_tasks() const { return kinds(); }
  void prepare(const PrepareArgs& args) const;

  /// The packed kernels of one position: [channels][filters], or transposed. The signs are null,
  /// and the perturbation is where all examples of the pass share their weights.
  FlippedMatrix at(const Pass& pass, const float* prepared, std::size_t position) const;
  FlippedMatrix transposed_at(const Pass& pass, const float* prepared, std::size_t position) const;

  /// Adds the adjoint of the transform of gradients to the gradients for what was transformed.
  /// `perturbation` is read if examples differ.
  void add_gradients(const Pass& pass, const float* common, const float* perturbation,
                     float* gradient) const;

 private:
  /// 2 with a perturbation.
  int kinds() const { return geometry_.kernel.draw == Draw::perturbation ? 2 : 1; }
  int channels() const;
  // Floats from one position to the next.
  std::size_t plain_step() const;
  std::size_t transposed_step() const;
  std::size_t plain_place(int kind) const;
  std::size_t transposed_place(int kind) const;

  WinogradSize size_;
  const Conv2dGeometry& geometry_;
};

}  // namespace bnn
