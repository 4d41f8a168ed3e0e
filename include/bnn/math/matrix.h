#pragma once
// Views of row-major matrices, float32.

#include <cstddef>

namespace bnn {

struct ConstMatrix {
  const float* data;
  int rows, columns;
  int stride;  // floats from one row to the next
};

struct Matrix {
  float* data;
  int rows, columns;
  int stride;

  operator ConstMatrix() const { return {data, rows, columns, stride}; }
};

inline ConstMatrix matrix(const float* data, int rows, int columns) {
  return {data, rows, columns, columns};
}
inline Matrix matrix(float* data, int rows, int columns) { return {data, rows, columns, columns}; }

/// The im2col matrix of an image that lies with its padding, read in place (window.h): row (y, x)
/// is the window of output (y, x), and its columns are the rows of the kernel, one run after the
/// other.
struct WindowMatrix {
  const float* data;
  int lines, line_rows;                // outputs: the matrix has lines * line_rows rows
  std::ptrdiff_t line_step, row_step;  // floats from one line, and from one output, to the next
  int runs, run_size;                  // the matrix has runs * run_size columns
  std::ptrdiff_t run_step;             // floats from one run to the next

  int rows() const { return lines * line_rows; }
  int columns() const { return runs * run_size; }
};

/// One of several products aᵀ b that are added up.
struct ProductTerm {
  ConstMatrix a, b;
};

/// Columns of a panel.
constexpr int kPanelColumns = 32;

/// A matrix [depth][columns] in panels (packed_matrix.h).
struct PackedMatrix {
  const float* data;
  int depth, columns;
};

/// W = mean + (s rᵀ) ∘ perturbation for each of several examples: two matrices [depth][columns]
/// without gaps, or both packed, and signs 1 or -1 that follow each other, s [examples][depth] and
/// r [examples][columns].
struct FlippedMatrix {
  const float *mean, *perturbation;
  const float *s, *r;
  bool is_packed = false;
};

/// Where the gradient for a FlippedMatrix is added.
struct FlippedMatrixGradient {
  float *mean, *perturbation;
  const float *s, *r;
};

/// What a product does with the matrix that is there.
enum class Write { overwrite, add };

}  // namespace bnn
