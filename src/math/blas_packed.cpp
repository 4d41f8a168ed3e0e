#include "bnn/math/blas_packed.h"

#include <algorithm>
#include <cstddef>

#include "bnn/math/blas.h"
#include "bnn/math/packed_matrix.h"

namespace bnn {
namespace {

// Rows are short. Without __restrict, a check for overlap would cost as much as the loop.
void assemble_weights(const FlippedMatrix& w, const float* r, int depth, int columns,
                      std::ptrdiff_t stride, float* __restrict weights) {
  for (int i = 0; i < depth; ++i) {
    const std::ptrdiff_t row = i * stride;
    const float* __restrict mean = w.mean + row, * __restrict perturbation = w.perturbation + row;
    const float sign = w.s[i];
    for (int j = 0; j < columns; ++j) weights[row + j] = mean[j] + sign * r[j] * perturbation[j];
  }
}

void scatter_gradient(const float* __restrict gradient, int depth, int columns,
                      const FlippedMatrixGradient& w) {
  for (int i = 0; i < depth; ++i) {
    const std::ptrdiff_t row = std::ptrdiff_t{i} * columns;
    float* __restrict mean = w.mean + row, * __restrict perturbation = w.perturbation + row;
    const float* __restrict g = gradient + row;
    const float sign = w.s[i];
    for (int j = 0; j < columns; ++j) {
      mean[j] += g[j];
      perturbation[j] += sign * w.r[j] * g[j];
    }
  }
}

}  // namespace

void blas_multiply_packed(ConstMatrix a, PackedMatrix b, Matrix c, Write write) {
  for (int first = 0; first < b.columns; first += kPanelColumns) {
    const int n = std::min(kPanelColumns, b.columns - first);
    const float* panel =
        b.data + static_cast<std::size_t>(first / kPanelColumns) * panel_size(b.depth);
    // rows x n = (rows x depth) (depth x n)
    blas_multiply(a, {panel, b.depth, n, kPanelColumns}, {c.data + first, c.rows, n, c.stride},
                  write);
  }
}

void blas_multiply_flipped(ConstMatrix a, const FlippedMatrix& w, Matrix c, float* weights) {
  const int depth = a.columns, columns = c.columns;
  if (!w.is_packed) {
    assemble_weights(w, w.r, depth, columns, columns, weights);
    // rows x columns = (rows x depth) (depth x columns)
    return blas_multiply(a, matrix(static_cast<const float*>(weights), depth, columns), c);
  }
  FlippedMatrix panel = w;
  for (int first = 0; first < columns; first += kPanelColumns) {
    float* to = weights + (panel.mean - w.mean);
    assemble_weights(panel, w.r + first, depth, std::min(kPanelColumns, columns - first),
                     kPanelColumns, to);
    panel.mean += panel_size(depth);
    panel.perturbation += panel_size(depth);
  }
  blas_multiply_packed(a, {weights, depth, columns}, c, Write::overwrite);
}

void blas_add_flipped_gradient(ConstMatrix a, ConstMatrix b, const FlippedMatrixGradient& w,
                               float* gradient) {
  // depth x columns = (rows x depth)ᵀ (rows x columns)
  blas_multiply_at_b(a, b, matrix(gradient, a.columns, b.columns));
  scatter_gradient(gradient, a.columns, b.columns, w);
}

}  // namespace bnn
