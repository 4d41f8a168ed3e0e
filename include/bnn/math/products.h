#pragma once
// Matrix products, row-major, float32, by code of our own or by OpenBLAS (blas.h).
//
// Own products keep a contract: every element is one chain of fused multiply-adds over ascending k,
//
//     t = fma(a[k], b[k], t),    t = 0 at first, or the number that is there if the product is
//     added.
//
// Its bits therefore depend on nothing but the operands: not on the processor, the width of its
// vectors, the number of rows or the cut into tiles. A processor without FMA rounds twice a step,
// and has other bits. OpenBLAS promises no order.
//
// Flipout multiplies with W = M + (s rᵀ) ∘ D (bayes/flipout.h). Own products assemble W in
// registers or in the cache, so that no example's weights are written to memory, and take the
// gradient for W apart into those for M and D as it leaves the registers.
//
// The level of vector instructions is chosen when the program runs: AVX-512, AVX2 with FMA, or what
// the program was compiled for. A product runs on the calling thread alone. Thread-safe.

#include <optional>
#include <span>
#include <string>

#include "bnn/core/enum_names.h"
#include "bnn/core/processor.h"
#include "bnn/math/matrix.h"

namespace bnn {

struct ProductCode;

enum class ProductsKind { own, openblas };
constexpr EnumNames<ProductsKind, 2> kProductsKindNames = {
    {{ProductsKind::own, "own"}, {ProductsKind::openblas, "openblas"}}};

/// A value: which code makes products.
class Products {
 public:
  /// Own products take the highest level that this processor has.
  Products() : Products(ProductsKind::own) {}
  explicit Products(ProductsKind kind);
  /// Own products of this level; none if the processor or the build does not have it.
  static std::optional<Products> at_level(VectorLevel level);

  /// Makes OpenBLAS ready for so many threads (prepare_blas) if these are its products. Own ones
  /// need nothing, so that a limit of memory too small for OpenBLAS's buffers does not concern
  /// them.
  void prepare(int threads) const;

  /// "own (AVX-512)" or "OpenBLAS (Haswell)".
  std::string name() const;

  /// c = a b, or c += a b.
  void multiply(ConstMatrix a, ConstMatrix b, Matrix c, Write write = Write::overwrite) const;
  void multiply(ConstMatrix a, PackedMatrix b, Matrix c, Write write = Write::overwrite) const;
  void multiply(const WindowMatrix& a, ConstMatrix b, Matrix c) const;
  /// c = aᵀ b, or c += aᵀ b.
  void multiply_at_b(ConstMatrix a, ConstMatrix b, Matrix c, Write write = Write::overwrite) const;
  void multiply_at_b(const WindowMatrix& a, ConstMatrix b, Matrix c, Write write) const;
  /// c = a bᵀ, or c += a bᵀ.
  void multiply_a_bt(ConstMatrix a, ConstMatrix b, Matrix c, Write write = Write::overwrite) const;

  /// c = Σ aᵀ b over the terms, or c += that sum, which is added up in the order of
  /// core/tree_sum.h.
  /// @param terms at least one
  /// @param partial tree_levels(terms) matrices like c, without gaps: memory for OpenBLAS
  void multiply_at_b_summed(std::span<const ProductTerm> terms, Matrix c, float* partial,
                            Write write = Write::overwrite) const;

  /// For each example: c = a W. The matrices of the examples follow each other, without gaps: a
  /// [examples][…][depth], c [examples][…][columns].
  /// @param weights memory for OpenBLAS like the mean: depth * columns floats, or
  ///   packed_size(depth, columns) if w is packed
  void multiply_flipped(int examples, ConstMatrix a, const FlippedMatrix& w, Matrix c,
                        float* weights) const;
  /// The same for the windows of one example. Products with windows are for own products only.
  void multiply_flipped(const WindowMatrix& a, const FlippedMatrix& w, Matrix c) const;
  /// For each example, with g = aᵀ b: mean += g, perturbation += (s rᵀ) ∘ g. Matrices as above: a
  /// [examples][…][depth of W], b [examples][…][columns].
  /// @param gradient depth * columns floats: memory for OpenBLAS
  void add_flipped_gradient(int examples, ConstMatrix a, ConstMatrix b,
                            const FlippedMatrixGradient& w, float* gradient) const;
  /// The same for the windows of one example.
  void add_flipped_gradient(const WindowMatrix& a, ConstMatrix b,
                            const FlippedMatrixGradient& w) const;

  /// Whether these are own products. OpenBLAS cannot read windows and adds sums of products up in
  /// memory, one by one. Its bits of a row may depend on the rows around it.
  bool are_own() const { return code_ != nullptr; }

 private:
  explicit Products(const ProductCode& code) : code_(&code) {}

  const ProductCode* code_ = nullptr;  // null: OpenBLAS
};

}  // namespace bnn
