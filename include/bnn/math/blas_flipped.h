#pragma once
// Flipped products (products.h) by OpenBLAS, which needs W in memory. Thread-safe.

#include "bnn/math/matrix.h"

namespace bnn {

/// c = a W, of one example.
/// @param weights memory for W, w.depth * w.columns floats
void blas_multiply_flipped(ConstMatrix a, const FlippedMatrix& w, Matrix c, float* weights);

/// g = aᵀ b; mean += g, perturbation += (s rᵀ) ∘ g.
/// @param gradient memory for g
void blas_add_flipped_gradient(ConstMatrix a, ConstMatrix b, const FlippedMatrixGradient& w,
                               float* gradient);

}  // namespace bnn
