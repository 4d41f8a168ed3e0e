#pragma once
// Matrices packed for products that read them again and again (products.h): panels of 32 columns,
//
//     [panels][depth][32],  zeros behind the last column.
//
// The rows of a panel follow each other, so that processors fetch them ahead; those of a matrix
// often lie a power of two apart, and then compete for few places in the cache. Thread-safe.

#include <cstddef>

#include "bnn/math/matrix.h"

namespace bnn {

inline int packed_panels(int columns) { return (columns + kPanelColumns - 1) / kPanelColumns; }
/// Floats of a panel.
inline std::size_t panel_size(int depth) { return static_cast<std::size_t>(depth) * kPanelColumns; }
inline std::size_t packed_size(int depth, int columns) {
  return static_cast<std::size_t>(packed_panels(columns)) * panel_size(depth);
}

/// packed = matrixᵀ
void pack_transposed(ConstMatrix matrix, float* packed);
/// transposed = aᵀ; both packed, `a` of [depth][columns].
void transpose_packed(PackedMatrix a, float* transposed);

}  // namespace bnn
