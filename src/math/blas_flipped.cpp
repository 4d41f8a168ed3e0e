#include "bnn/math/blas_flipped.h"

#include <cstddef>

#include "bnn/core/vector_clones.h"
#include "bnn/math/blas.h"

namespace bnn {
namespace {

// Rows are short. Without __restrict, a check for overlap would cost as much as the loop.
BNN_VECTOR_CLONES void assemble(const FlippedMatrix& w, int depth, int columns,
                                float* __restrict weights) {
  for (int i = 0; i < depth; ++i) {
    const std::ptrdiff_t row = std::ptrdiff_t{i} * columns;
    const float* __restrict mean = w.mean + row, * __restrict perturbation = w.perturbation + row;
    const float sign = w.s[i];
    for (int j = 0; j < columns; ++j) {
      weights[row + j] = mean[j] + sign * w.r[j] * perturbation[j];
    }
  }
}

BNN_VECTOR_CLONES void scatter(const float* __restrict gradient, int depth, int columns,
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

void blas_multiply_flipped(ConstMatrix a, const FlippedMatrix& w, Matrix c, float* weights) {
  assemble(w, a.columns, c.columns, weights);
  // rows x columns = (rows x depth) (depth x columns)
  blas_multiply(a, matrix(static_cast<const float*>(weights), a.columns, c.columns), c);
}

void blas_add_flipped_gradient(ConstMatrix a, ConstMatrix b, const FlippedMatrixGradient& w,
                               float* gradient) {
  // depth x columns = (rows x depth)ᵀ (rows x columns)
  blas_multiply_at_b(a, b, matrix(gradient, a.columns, b.columns));
  scatter(gradient, a.columns, b.columns, w);
}

}  // namespace bnn
