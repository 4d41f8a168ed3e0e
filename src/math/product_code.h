#pragma once
// The machine code of products.h for one level of vector instructions.
//
// Each level is one source file, product_code_<level>.cpp, which is compiled for its instructions.
// Such a file includes this header, product_tiles.h and what has no code of its own. If it
// instantiated an inline function of the standard library, the linker could take that copy for the
// whole program, which would then need a processor that not everybody has.

#include <cstddef>

#include "bnn/math/matrix.h"

namespace bnn {

/// How a matrix [depth][columns] lies in memory: row by row, or packed (packed_matrix.h).
struct Panels {
  std::ptrdiff_t row;    // floats from one row to the next
  std::ptrdiff_t panel;  // from 32 columns to the next 32
  int columns;           // that may be read in each row, with padding
};

namespace {

/// A matrix that lies row by row.
inline Panels rows_of(std::ptrdiff_t stride, int columns) {
  return {stride, kPanelColumns, columns};
}

}  // namespace

/// The operand whose numbers are read one by one: `rows` of them meet each step of the depth. Rows
/// lie in groups, and so do steps: those of a group are `row` and `step` floats apart, and the
/// first of a group `row_group` and `step_group` floats from that of the group before it.
struct Operand {
  const float* data;
  std::ptrdiff_t row, step;
  int group_rows, group_steps;
  std::ptrdiff_t row_group, step_group;
};

/// c [rows][columns] = a b, or added to c. Numbers of c lie `c_row` floats apart from one row to
/// the next, and `c_step` from one column to the next.
struct PlainProduct {
  int rows, depth, columns;
  Operand a;       // [rows][depth]
  const float* b;  // [depth][columns]
  Panels b_panels;
  float* c;
  std::ptrdiff_t c_row, c_step;
  bool add;
};

/// For each example: c = a W with W = mean + (s rᵀ) ∘ perturbation.
struct FlippedProduct {
  int examples;
  int rows, depth, columns;
  Operand a;  // [examples][rows][depth]
  std::ptrdiff_t a_example;
  const float *mean, *perturbation;  // [depth][columns]
  Panels panels;
  const float *s, *r;  // 1 or -1: [examples][depth], [examples][columns]
  float* c;            // [examples][rows][columns]
  std::ptrdiff_t c_row;
};

/// For each example: g = aᵀ b; mean += g; perturbation += (s rᵀ) ∘ g.
struct FlippedGradient {
  int examples;
  int rows, depth, columns;  // g is [rows][columns], a sum over depth
  Operand a;                 // [examples][depth][rows]
  std::ptrdiff_t a_example;
  const float* b;  // [examples][depth][columns]
  std::ptrdiff_t b_example, b_row;
  const float *s, *r;          // 1 or -1: [examples][rows], [examples][columns]
  float *mean, *perturbation;  // [rows][columns], without gaps
};

/// c [rows][columns] = Σ aᵀ b over the terms, or added to c, in the order of core/tree_sum.h.
struct SummedProduct {
  int rows, columns;
  const ProductTerm* terms;
  int count;  // at least 1
  float* c;
  std::ptrdiff_t c_row;
  bool add;
};

struct ProductCode {
  const char* name;  // of the level
  void (*multiply)(const PlainProduct&);
  void (*multiply_flipped)(const FlippedProduct&);
  void (*add_flipped_gradient)(const FlippedGradient&);
  void (*multiply_summed)(const SummedProduct&);
};

extern const ProductCode kBaselineProducts;  // any processor that the compiler builds for
#if defined(__x86_64__)
extern const ProductCode kAvx2Products;    // x86-64-v3, with FMA
extern const ProductCode kAvx512Products;  // x86-64-v4
#endif

}  // namespace bnn
