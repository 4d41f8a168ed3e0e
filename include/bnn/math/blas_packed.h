#pragma once
// Products with packed matrices and flipped products (products.h) by OpenBLAS: panel by panel, and
// with W in memory. Thread-safe.

#include "bnn/math/matrix.h"

namespace bnn {

void blas_multiply_packed(ConstMatrix a, PackedMatrix b, Matrix c, Write write);

/// c = a W, of one example.
/// @param weights memory for W, which lies there as the mean does
void blas_multiply_flipped(ConstMatrix a, const FlippedMatrix& w, Matrix c, float* weights);

/// g = aᵀ b; mean += g, perturbation += (s rᵀ) ∘ g.
/// @param gradient memory for g
void blas_add_flipped_gradient(ConstMatrix a, ConstMatrix b, const FlippedMatrixGradient& w,
                               float* gradient);

}  // namespace bnn
