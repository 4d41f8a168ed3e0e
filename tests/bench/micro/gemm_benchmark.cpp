// Matrix products of the shapes that layers make: a tile of a convolution by im2col, a shard of a
// dense layer. Operands fit the caches as they do in a step, except those of sgemm_2048, which says
// what the processor can do.

#include <algorithm>
#include <cmath>

#include "benchmarks.h"
#include "bnn/layers/conv2d_tiles.h"
#include "bnn/math/packed_matrix.h"
#include "bnn/math/products.h"
#include "workload.h"

namespace bnn {
namespace {

using Multiply = void (Products::*)(ConstMatrix, ConstMatrix, Matrix, Write) const;

struct Size {
  int rows, columns;

  std::size_t area() const {
    return static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns);
  }
};

struct Product {
  Multiply multiply;
  Size a, b, c;
  Write write = Write::overwrite;

  // Two for each multiply-add: the sizes are rows and depth, depth and columns, rows and columns.
  double flops() const {
    return 2.0 * std::sqrt(static_cast<double>(a.area()) * static_cast<double>(b.area()) *
                           static_cast<double>(c.area()));
  }
};

// By own products and by OpenBLAS's.
void add_product(const std::string& name, const Product& product, ProductsKind kind) {
  const Products products(kind);
  const std::string by(name_of(kProductsKindNames, kind));
  add_benchmark(name + "/" + by, [product, products](benchmark::State& state) {
    const AlignedArray a = random_array(product.a.area(), 1);
    const AlignedArray b = random_array(product.b.area(), 2);
    AlignedArray c(product.c.area());
    for (auto _ : state) {
      (products.*product.multiply)(matrix(a.data(), product.a.rows, product.a.columns),
                                   matrix(b.data(), product.b.rows, product.b.columns),
                                   matrix(c.data(), product.c.rows, product.c.columns),
                                   product.write);
      benchmark::ClobberMemory();
    }
    count_flops(state, product.flops());
  });
}

void add_product(const std::string& name, const Product& product) {
  for (const ProductsKind kind : {ProductsKind::own, ProductsKind::openblas}) {
    add_product(name, product, kind);
  }
}

// A product with a packed matrix, as input gradients make it with transposed kernels.
void add_packed_product(const std::string& name, Size a, Size b) {
  for (const ProductsKind kind : {ProductsKind::own, ProductsKind::openblas}) {
    const Products products(kind);
    const std::string by(name_of(kProductsKindNames, kind));
    add_benchmark(name + "/" + by, [a, b, products](benchmark::State& state) {
      const AlignedArray from = random_array(a.area(), 1);
      const AlignedArray packed = random_array(packed_size(b.rows, b.columns), 2);
      AlignedArray to(Size{a.rows, b.columns}.area());
      for (auto _ : state) {
        products.multiply(matrix(from.data(), a.rows, a.columns),
                          PackedMatrix{packed.data(), b.rows, b.columns},
                          matrix(to.data(), a.rows, b.columns));
        benchmark::ClobberMemory();
      }
      count_flops(state, 2.0 * static_cast<double>(a.area()) * b.columns);
    });
  }
}

void add_convolution(const ConvShape& shape) {
  const Window window = shape.window();
  const int pixels = static_cast<int>(tile_pixels(window));
  const Size columns{pixels, window.depth()}, weights{window.depth(), shape.filters};
  const Size outputs{pixels, shape.filters};
  const std::string name = shape.name();
  add_product("gemm_forward/" + name, {&Products::multiply, columns, weights, outputs});
  add_product("gemm_weight_gradient/" + name,
              {&Products::multiply_at_b, columns, outputs, weights, Write::add});
  add_packed_product("gemm_input_gradient/" + name, outputs, {shape.filters, window.depth()});
}

// The weight gradient of a dense layer is made in blocks of rows of 128 KiB.
void add_dense(const DenseShape& shape) {
  constexpr int kBlockFloats = 32 * 1024;
  const int rows = std::clamp(kBlockFloats / shape.units, 1, shape.inputs);
  const Size inputs{kShardExamples, shape.inputs}, weights{shape.inputs, shape.units};
  const Size outputs{kShardExamples, shape.units};
  const std::string name = shape.name();
  add_product("gemm_forward/" + name, {&Products::multiply, inputs, weights, outputs});
  add_product("gemm_weight_gradient/" + name,
              {&Products::multiply_at_b, {kShardExamples, rows}, outputs, {rows, shape.units}});
  add_packed_product("gemm_input_gradient/" + name, outputs, {shape.units, shape.inputs});
}

}  // namespace

void register_gemm_benchmarks() {
  add_product("sgemm_2048", {&Products::multiply, {2048, 2048}, {2048, 2048}, {2048, 2048}});
  for (const ConvShape& shape : network_convolutions()) add_convolution(shape);
  for (const DenseShape& shape : dense_layers()) add_dense(shape);
}

}  // namespace bnn
