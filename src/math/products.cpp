#include "bnn/math/products.h"

#include <algorithm>
#include <cstddef>
#include <fmt/format.h>

#include "bnn/core/tree_sum.h"
#include "bnn/math/blas.h"
#include "bnn/math/blas_packed.h"
#include "bnn/math/packed_matrix.h"
#include "bnn/math/vector_ops.h"
#include "product_code.h"

namespace bnn {
namespace {

const ProductCode* code_of(VectorLevel level) {
  if (!has_vector_level(level)) return nullptr;
#if defined(__x86_64__)
  if (level == VectorLevel::avx512) return &kAvx512Products;
  if (level == VectorLevel::avx2) return &kAvx2Products;
#endif
  return &kBaselineProducts;
}

std::ptrdiff_t signed_area(int a, int b) { return std::ptrdiff_t{a} * b; }

// The matrix of example e: matrices of examples follow each other.
ConstMatrix example_of(ConstMatrix first, int e) {
  return {first.data + e * signed_area(first.rows, first.stride), first.rows, first.columns,
          first.stride};
}

Matrix example_of(Matrix first, int e) {
  return {first.data + e * signed_area(first.rows, first.stride), first.rows, first.columns,
          first.stride};
}

// A matrix as an operand, [rows][columns], and its transpose, [columns][rows]: one group.
Operand operand(ConstMatrix a) {
  return {a.data, a.stride, 1, a.rows, std::max(a.columns, 1), 0, 0};
}
Operand transposed(ConstMatrix a) {
  return {a.data, 1, a.stride, a.columns, std::max(a.rows, 1), 0, 0};
}

Operand operand(const WindowMatrix& a) {
  return {a.data, a.row_step, 1, a.line_rows, a.run_size, a.line_step, a.run_step};
}
Operand transposed(const WindowMatrix& a) {
  return {a.data, 1, a.row_step, a.run_size, a.line_rows, a.run_step, a.line_step};
}

Panels packed_panels_of(int depth, int columns) {
  return {kPanelColumns, static_cast<std::ptrdiff_t>(panel_size(depth)),
          packed_panels(columns) * kPanelColumns};
}

// A block of bᵀ or aᵀ that lies in the second-level cache.
constexpr int kTurnedDepth = 128, kTurnedColumns = 64;

struct Turned {
  alignas(64) float numbers[kTurnedDepth * kTurnedColumns];

  /// numbers [depth][columns] = the columns [k, k + depth) of the rows [first, first + columns).
  void take(ConstMatrix from, int first, int columns, int k, int depth) {
    for (int i = 0; i < columns; ++i) {
      const float* row = from.data + std::ptrdiff_t{first + i} * from.stride + k;
      for (int j = 0; j < depth; ++j) numbers[std::ptrdiff_t{j} * columns + i] = row[j];
    }
  }
};

// Calls visit(first row, rows, first column, columns) for blocks of `matrix` to be turned.
template <typename Visit>
void for_turned_blocks(ConstMatrix matrix, const Visit& visit) {
  for (int first = 0; first < matrix.rows; first += kTurnedColumns) {
    const int count = std::min(kTurnedColumns, matrix.rows - first);
    for (int k = 0; k == 0 || k < matrix.columns; k += kTurnedDepth) {
      visit(first, count, k, std::min(kTurnedDepth, matrix.columns - k));
    }
  }
}

// cᵀ = b aᵀ: for few rows of a.
void multiply_by_turned_a(const ProductCode& code, ConstMatrix a, ConstMatrix b, Matrix c,
                          bool add) {
  Turned turned;
  for_turned_blocks(a, [&](int first, int rows, int k, int depth) {
    turned.take(a, first, rows, k, depth);
    code.multiply({b.rows, depth, rows, operand(ConstMatrix{b.data + k, b.rows, depth, b.stride}),
                   turned.numbers, rows_of(rows, rows), c.data + std::ptrdiff_t{first} * c.stride,
                   1, c.stride, add || k > 0});
  });
}

void multiply_by_turned_b(const ProductCode& code, ConstMatrix a, ConstMatrix b, Matrix c,
                          bool add) {
  Turned turned;
  for_turned_blocks(b, [&](int first, int columns, int k, int depth) {
    turned.take(b, first, columns, k, depth);
    code.multiply({a.rows, depth, columns,
                   operand(ConstMatrix{a.data + k, a.rows, depth, a.stride}), turned.numbers,
                   rows_of(columns, columns), c.data + first, c.stride, 1, add || k > 0});
  });
}

}  // namespace

Products::Products(ProductsKind kind) {
  static const ProductCode* const best = code_of(highest_vector_level());
  if (kind == ProductsKind::own) code_ = best;
}

std::optional<Products> Products::at_level(VectorLevel level) {
  const ProductCode* code = code_of(level);
  return code == nullptr ? std::nullopt : std::optional(Products(*code));
}

void Products::prepare(int threads) const {
  if (!are_own()) prepare_blas(threads);
}

std::string Products::name() const {
  return code_ != nullptr ? fmt::format("own ({})", code_->name)
                          : fmt::format("OpenBLAS ({})", blas_kernel());
}

void Products::multiply(ConstMatrix a, ConstMatrix b, Matrix c, Write write) const {
  if (code_ == nullptr) return blas_multiply(a, b, c, write);
  code_->multiply({a.rows, a.columns, b.columns, operand(a), b.data, rows_of(b.stride, b.columns),
                   c.data, c.stride, 1, write == Write::add});
}

void Products::multiply(ConstMatrix a, PackedMatrix b, Matrix c, Write write) const {
  if (code_ == nullptr) return blas_multiply_packed(a, b, c, write);
  code_->multiply({a.rows, a.columns, b.columns, operand(a), b.data,
                   packed_panels_of(b.depth, b.columns), c.data, c.stride, 1, write == Write::add});
}

void Products::multiply_at_b(ConstMatrix a, ConstMatrix b, Matrix c, Write write) const {
  if (code_ == nullptr) return blas_multiply_at_b(a, b, c, write);
  code_->multiply({a.columns, a.rows, b.columns, transposed(a), b.data,
                   rows_of(b.stride, b.columns), c.data, c.stride, 1, write == Write::add});
}

void Products::multiply(const WindowMatrix& a, ConstMatrix b, Matrix c) const {
  code_->multiply({a.rows(), a.columns(), b.columns, operand(a), b.data,
                   rows_of(b.stride, b.columns), c.data, c.stride, 1, false});
}

void Products::multiply_at_b(const WindowMatrix& a, ConstMatrix b, Matrix c, Write write) const {
  code_->multiply({a.columns(), a.rows(), b.columns, transposed(a), b.data,
                   rows_of(b.stride, b.columns), c.data, c.stride, 1, write == Write::add});
}

// One operand is turned round, so that its rows are vectors: the one that takes less copying. To
// turn a costs copies of its numbers and a result that is written number by number.
void Products::multiply_a_bt(ConstMatrix a, ConstMatrix b, Matrix c, Write write) const {
  if (code_ == nullptr) return blas_multiply_a_bt(a, b, c, write);
  const bool add = write == Write::add;
  if (signed_area(a.rows, a.columns) + signed_area(a.rows, b.rows) <
      signed_area(b.rows, b.columns)) {
    return multiply_by_turned_a(*code_, a, b, c, add);
  }
  multiply_by_turned_b(*code_, a, b, c, add);
}

void Products::multiply_at_b_summed(std::span<const ProductTerm> terms, Matrix c, float* partial,
                                    Write write) const {
  if (code_ != nullptr) {
    return code_->multiply_summed({c.rows, c.columns, terms.data(), static_cast<int>(terms.size()),
                                   c.data, c.stride, write == Write::add});
  }
  const auto size = static_cast<std::size_t>(c.rows) * static_cast<std::size_t>(c.columns);
  tree_sum(terms.size(), size, partial, [&](std::size_t i, float* out) {
    blas_multiply_at_b(terms[i].a, terms[i].b, matrix(out, c.rows, c.columns));
  });
  for (int row = 0; row < c.rows; ++row) {
    const float* from = partial + static_cast<std::ptrdiff_t>(row) * c.columns;
    float* to = c.data + static_cast<std::ptrdiff_t>(row) * c.stride;
    if (write == Write::overwrite) {
      std::copy_n(from, c.columns, to);
    } else {
      add(from, static_cast<std::size_t>(c.columns), to);
    }
  }
}

void Products::multiply_flipped(int examples, ConstMatrix a, const FlippedMatrix& w, Matrix c,
                                float* weights) const {
  if (code_ != nullptr) {
    const Panels panels =
        w.is_packed ? packed_panels_of(a.columns, c.columns) : rows_of(c.columns, c.columns);
    return code_->multiply_flipped({examples, a.rows, a.columns, c.columns, operand(a),
                                    signed_area(a.rows, a.stride), w.mean, w.perturbation, panels,
                                    w.s, w.r, c.data, c.stride});
  }
  for (int e = 0; e < examples; ++e) {
    const FlippedMatrix example{w.mean, w.perturbation, w.s + signed_area(e, a.columns),
                                w.r + signed_area(e, c.columns), w.is_packed};
    blas_multiply_flipped(example_of(a, e), example, example_of(c, e), weights);
  }
}

void Products::add_flipped_gradient(int examples, ConstMatrix a, ConstMatrix b,
                                    const FlippedMatrixGradient& w, float* gradient) const {
  if (code_ != nullptr) {
    return code_->add_flipped_gradient(
        {examples, a.columns, a.rows, b.columns, transposed(a), signed_area(a.rows, a.stride),
         b.data, signed_area(b.rows, b.stride), b.stride, w.s, w.r, w.mean, w.perturbation});
  }
  for (int e = 0; e < examples; ++e) {
    const FlippedMatrixGradient example{w.mean, w.perturbation, w.s + signed_area(e, a.columns),
                                        w.r + signed_area(e, b.columns)};
    blas_add_flipped_gradient(example_of(a, e), example_of(b, e), example, gradient);
  }
}

void Products::multiply_flipped(const WindowMatrix& a, const FlippedMatrix& w, Matrix c) const {
  code_->multiply_flipped({1, a.rows(), a.columns(), c.columns, operand(a), 0, w.mean,
                           w.perturbation, rows_of(c.columns, c.columns), w.s, w.r, c.data,
                           c.stride});
}

void Products::add_flipped_gradient(const WindowMatrix& a, ConstMatrix b,
                                    const FlippedMatrixGradient& w) const {
  code_->add_flipped_gradient({1, a.columns(), a.rows(), b.columns, transposed(a), 0, b.data, 0,
                               b.stride, w.s, w.r, w.mean, w.perturbation});
}

}  // namespace bnn
