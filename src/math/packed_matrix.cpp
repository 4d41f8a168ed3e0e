#include "bnn/math/packed_matrix.h"

#include <algorithm>

namespace bnn {
namespace {

// `to`, a row of a panel, takes n numbers that lie `step` apart, and zeros behind them.
void fill_row(const float* from, std::ptrdiff_t step, int n, float* to) {
  for (int j = 0; j < n; ++j) to[j] = from[j * step];
  std::fill(to + n, to + kPanelColumns, 0.0f);
}

}  // namespace

void pack_transposed(ConstMatrix matrix, float* packed) {
  for (int first = 0; first < matrix.rows; first += kPanelColumns) {
    const int n = std::min(kPanelColumns, matrix.rows - first);
    for (int k = 0; k < matrix.columns; ++k, packed += kPanelColumns) {
      fill_row(matrix.data + std::ptrdiff_t{first} * matrix.stride + k, matrix.stride, n, packed);
    }
  }
}

void transpose_packed(PackedMatrix a, float* transposed) {
  const std::size_t size = panel_size(a.depth);
  for (int first = 0; first < a.depth; first += kPanelColumns) {
    const int n = std::min(kPanelColumns, a.depth - first);
    for (int k = 0; k < a.columns; ++k, transposed += kPanelColumns) {
      const float* column = a.data + static_cast<std::size_t>(k / kPanelColumns) * size +
                            std::ptrdiff_t{first} * kPanelColumns + k % kPanelColumns;
      fill_row(column, kPanelColumns, n, transposed);
    }
  }
}

}  // namespace bnn
