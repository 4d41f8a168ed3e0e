#include "bnn/math/products.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include <catch2/catch.hpp>

#include "bnn/core/processor.h"
#include "bnn/core/tree_sum.h"
#include "bnn/math/packed_matrix.h"

namespace bnn {
namespace {

constexpr float kUnused = 77.0f;

// A matrix that ends with its last number, so that a sanitizer sees what is read beyond it.
struct Owned {
  int rows, columns, stride;
  std::vector<float> values;

  Owned(int r, int c, int gap) : rows(r), columns(c), stride(c + gap) {
    const int size = rows == 0 ? 0 : (rows - 1) * stride + columns;
    values.assign(static_cast<std::size_t>(size), kUnused);
  }
  float& at(int row, int column) { return values[static_cast<std::size_t>(row * stride + column)]; }
  float at(int row, int column) const { return const_cast<Owned*>(this)->at(row, column); }
  ConstMatrix view() const { return {values.data(), rows, columns, stride}; }
  Matrix view() { return {values.data(), rows, columns, stride}; }
};

Owned random_matrix(int rows, int columns, int gap, std::mt19937& random) {
  std::normal_distribution<float> normal;
  Owned matrix(rows, columns, gap);
  for (int i = 0; i < rows; ++i) {
    for (int j = 0; j < columns; ++j) matrix.at(i, j) = normal(random);
  }
  return matrix;
}

std::vector<float> random_signs(int size, std::mt19937& random) {
  std::vector<float> signs(static_cast<std::size_t>(size));
  for (float& sign : signs) sign = (random() & 1) != 0 ? 1.0f : -1.0f;
  return signs;
}

struct Size {
  int rows, depth, columns, gap;
};

// Around every width of vectors, every height of tiles and every cut of the depth.
std::vector<Size> sizes() {
  std::vector<Size> list = {{1, 1, 1, 0},     {0, 3, 4, 0},     {3, 0, 5, 2},    {2, 300, 1, 0},
                            {17, 257, 33, 5}, {65, 512, 31, 0}, {16, 84, 10, 0}, {5, 129, 3, 4},
                            {3, 257, 1, 0},   {3, 262, 1, 0},   {3, 258, 2, 0},  {3, 257, 3, 0},
                            {130, 70, 65, 1}, {1, 600, 100, 0}, {200, 9, 2, 0},  {6, 25, 6, 0}};
  for (int rows = 1; rows <= 26; ++rows) list.push_back({rows, 7, 20, 0});
  for (int columns = 1; columns <= 70; ++columns) list.push_back({7, 5, columns, columns % 3});
  return list;
}

// The products of all levels that can run here and keep the contract. The baseline of x86-64 has no
// fused multiply-add.
std::vector<Products> own_products() {
  std::vector<Products> list;
  for (const VectorLevel level : {VectorLevel::baseline, VectorLevel::avx2, VectorLevel::avx512}) {
#if defined(__x86_64__)
    if (level == VectorLevel::baseline) continue;
#endif
    if (const auto products = Products::at_level(level)) list.push_back(*products);
  }
  return list;
}

enum class Form { ab, at_b, a_bt };

// One chain of fused multiply-adds for each element.
void naive(Form form, const Owned& a, const Owned& b, Owned& c, Write write) {
  const int depth = form == Form::at_b ? a.rows : a.columns;
  for (int i = 0; i < c.rows; ++i) {
    for (int j = 0; j < c.columns; ++j) {
      float sum = write == Write::add ? c.at(i, j) : 0.0f;
      for (int k = 0; k < depth; ++k) {
        sum = std::fma(form == Form::at_b ? a.at(k, i) : a.at(i, k),
                       form == Form::a_bt ? b.at(j, k) : b.at(k, j), sum);
      }
      c.at(i, j) = sum;
    }
  }
}

void multiply(const Products& products, Form form, const Owned& a, const Owned& b, Owned& c,
              Write write) {
  if (form == Form::ab) products.multiply(a.view(), b.view(), c.view(), write);
  if (form == Form::at_b) products.multiply_at_b(a.view(), b.view(), c.view(), write);
  if (form == Form::a_bt) products.multiply_a_bt(a.view(), b.view(), c.view(), write);
}

Owned flipped(const Owned& mean, const Owned& perturbation, const std::vector<float>& s,
              const std::vector<float>& r) {
  Owned w = mean;
  for (int k = 0; k < w.rows; ++k) {
    for (int j = 0; j < w.columns; ++j) {
      w.at(k, j) +=
          s[static_cast<std::size_t>(k)] * r[static_cast<std::size_t>(j)] * perturbation.at(k, j);
    }
  }
  return w;
}

// The numbers of example e, `count` of them for each.
std::vector<float> part(const std::vector<float>& all, int e, int count) {
  return {all.begin() + e * count, all.begin() + (e + 1) * count};
}

std::vector<float> packed(const Owned& matrix) {
  std::vector<float> panels(packed_size(matrix.rows, matrix.columns), 0.0f);
  for (int k = 0; k < matrix.rows; ++k) {
    for (int j = 0; j < matrix.columns; ++j) {
      const int place = (j / kPanelColumns * matrix.rows + k) * kPanelColumns + j % kPanelColumns;
      panels[static_cast<std::size_t>(place)] = matrix.at(k, j);
    }
  }
  return panels;
}

float worst_difference(const std::vector<float>& a, const std::vector<float>& b) {
  float worst = 0;
  for (std::size_t i = 0; i < a.size(); ++i) worst = std::max(worst, std::fabs(a[i] - b[i]));
  return worst;
}

}  // namespace

TEST_CASE("every element of an own product is one chain of fused multiply-adds, bit for bit") {
  std::mt19937 random(1);
  for (const Size& size : sizes()) {
    for (const Form form : {Form::ab, Form::at_b, Form::a_bt}) {
      const bool at = form == Form::at_b, bt = form == Form::a_bt;
      const Owned a =
          random_matrix(at ? size.depth : size.rows, at ? size.rows : size.depth, size.gap, random);
      const Owned b = random_matrix(bt ? size.columns : size.depth, bt ? size.depth : size.columns,
                                    2 * size.gap, random);
      const Owned before = random_matrix(size.rows, size.columns, 3 * size.gap, random);
      for (const Write write : {Write::overwrite, Write::add}) {
        Owned expected = before;
        naive(form, a, b, expected, write);
        for (const Products& products : own_products()) {
          CAPTURE(products.name(), size.rows, size.depth, size.columns, size.gap);
          Owned c = before;
          if (write == Write::overwrite && !c.values.empty()) {
            c.at(0, 0) = std::numeric_limits<float>::quiet_NaN();
          }
          multiply(products, form, a, b, c, write);
          REQUIRE(c.values == expected.values);  // what lies between rows, too
        }
      }
    }
  }
}

TEST_CASE("a product with a packed matrix is the product with the matrix") {
  std::mt19937 random(6);
  for (const Size& size : sizes()) {
    const Owned a = random_matrix(size.rows, size.depth, size.gap, random);
    const Owned b = random_matrix(size.depth, size.columns, size.gap, random);
    const std::vector<float> panels = packed(b);
    const PackedMatrix packed_b{panels.data(), size.depth, size.columns};
    const Owned before = random_matrix(size.rows, size.columns, 2 * size.gap, random);
    for (const Write write : {Write::overwrite, Write::add}) {
      Owned expected = before;
      naive(Form::ab, a, b, expected, write);
      for (const Products& products : own_products()) {
        CAPTURE(products.name(), size.rows, size.depth, size.columns);
        Owned c = before;
        products.multiply(a.view(), packed_b, c.view(), write);
        REQUIRE(c.values == expected.values);
      }
      if (size.depth == 0) continue;  // OpenBLAS leaves such a product as it is
      Owned c = before;
      Products(ProductsKind::openblas).multiply(a.view(), packed_b, c.view(), write);
      CHECK(worst_difference(c.values, expected.values) < 1e-3f);
    }
  }
}

TEST_CASE("the products of the baseline are right within rounding") {
  std::mt19937 random(4);
  const Products products = Products::at_level(VectorLevel::baseline).value();
  for (const Size& size : sizes()) {
    CAPTURE(size.rows, size.depth, size.columns, size.gap);
    const Owned a = random_matrix(size.rows, size.depth, size.gap, random);
    const Owned b = random_matrix(size.depth, size.columns, 0, random);
    Owned expected(size.rows, size.columns, 0), c(size.rows, size.columns, 0), flipped = c;
    naive(Form::ab, a, b, expected, Write::overwrite);
    products.multiply(a.view(), b.view(), c.view());
    // Without a perturbation the signs do not matter.
    const std::vector<float> zeros(b.values.size(), 0.0f), s = random_signs(size.depth, random),
                                                           r = random_signs(size.columns, random);
    products.multiply_flipped(1, a.view(), {b.values.data(), zeros.data(), s.data(), r.data()},
                              flipped.view(), nullptr);
    CHECK(worst_difference(c.values, expected.values) < 1e-4f);
    CHECK(flipped.values == c.values);
  }
}

TEST_CASE("a product with flipped weights is the product with the weights of the example") {
  std::mt19937 random(2);
  for (const Size& size : sizes()) {
    const Owned mean = random_matrix(size.depth, size.columns, 0, random);
    const Owned perturbation = random_matrix(size.depth, size.columns, 0, random);
    std::vector<float> memory(packed_size(size.depth, size.columns));
    for (const int examples : {1, 2, 3}) {
      const Owned a = random_matrix(examples * size.rows, size.depth, 0, random);
      const std::vector<float> s = random_signs(examples * size.depth, random);
      const std::vector<float> r = random_signs(examples * size.columns, random);
      const FlippedMatrix w{mean.values.data(), perturbation.values.data(), s.data(), r.data()};
      const ConstMatrix first_a = matrix(a.values.data(), size.rows, size.depth);
      const auto multiply = [&](const Products& products, const FlippedMatrix& weights) {
        Owned c(examples * size.rows, size.columns, 0);
        products.multiply_flipped(examples, first_a, weights,
                                  matrix(c.values.data(), size.rows, size.columns), memory.data());
        return c.values;
      };
      std::vector<float> expected;
      for (int e = 0; e < examples; ++e) {
        Owned a_e(size.rows, size.depth, 0), c_e(size.rows, size.columns, 0);
        a_e.values = part(a.values, e, size.rows * size.depth);
        naive(Form::ab, a_e,
              flipped(mean, perturbation, part(s, e, size.depth), part(r, e, size.columns)), c_e,
              Write::overwrite);
        expected.insert(expected.end(), c_e.values.begin(), c_e.values.end());
      }
      const std::vector<float> packed_mean = packed(mean),
                               packed_perturbation = packed(perturbation);
      const FlippedMatrix in_panels{packed_mean.data(), packed_perturbation.data(), s.data(),
                                    r.data(), /*is_packed=*/true};
      for (const Products& products : own_products()) {
        CAPTURE(products.name(), examples, size.rows, size.depth, size.columns);
        REQUIRE(multiply(products, w) == expected);
        REQUIRE(multiply(products, in_panels) == expected);
      }
      if (size.depth == 0) continue;  // OpenBLAS leaves such a product as it is
      const Products openblas(ProductsKind::openblas);
      CHECK(worst_difference(multiply(openblas, w), expected) < 1e-3f);
      CHECK(worst_difference(multiply(openblas, in_panels), expected) < 1e-3f);
    }
  }
}

TEST_CASE("flipped gradients are added to the mean's and, with signs, to the perturbation's") {
  std::mt19937 random(3);
  for (const Size& size : sizes()) {
    constexpr int kExamples = 3;
    const Owned a = random_matrix(kExamples * size.depth, size.rows, 0, random);
    const Owned b = random_matrix(kExamples * size.depth, size.columns, 0, random);
    const Owned mean = random_matrix(size.rows, size.columns, 0, random);
    const Owned perturbation = random_matrix(size.rows, size.columns, 0, random);
    const std::vector<float> s = random_signs(kExamples * size.rows, random);
    const std::vector<float> r = random_signs(kExamples * size.columns, random);
    Owned mean_sum = mean, perturbation_sum = perturbation;
    for (int e = 0; e < kExamples; ++e) {
      Owned a_e(size.depth, size.rows, 0), b_e(size.depth, size.columns, 0);
      a_e.values = part(a.values, e, size.depth * size.rows);
      b_e.values = part(b.values, e, size.depth * size.columns);
      Owned g(size.rows, size.columns, 0);
      naive(Form::at_b, a_e, b_e, g, Write::overwrite);
      for (std::size_t i = 0; i < g.values.size(); ++i) mean_sum.values[i] += g.values[i];
      perturbation_sum =
          flipped(perturbation_sum, g, part(s, e, size.rows), part(r, e, size.columns));
    }
    std::vector<float> memory(mean.values.size());
    const auto add_gradient = [&](const Products& products, Owned& m, Owned& d) {
      products.add_flipped_gradient(kExamples, matrix(a.values.data(), size.depth, size.rows),
                                    matrix(b.values.data(), size.depth, size.columns),
                                    {m.values.data(), d.values.data(), s.data(), r.data()},
                                    memory.data());
    };
    for (const Products& products : own_products()) {
      CAPTURE(products.name(), size.rows, size.depth, size.columns);
      Owned m = mean, d = perturbation;
      add_gradient(products, m, d);
      REQUIRE(m.values == mean_sum.values);
      REQUIRE(d.values == perturbation_sum.values);
    }
    Owned m = mean, d = perturbation;
    add_gradient(Products(ProductsKind::openblas), m, d);
    CHECK(worst_difference(m.values, mean_sum.values) < 1e-3f);
    CHECK(worst_difference(d.values, perturbation_sum.values) < 1e-3f);
  }
}

// Two lines of outputs and runs of a kernel that lie apart, around every cut of rows and depth.
struct Windows {
  int lines, line_rows, runs, run_size, columns;
};

TEST_CASE("products read windows in place with the bits of the matrix that they make") {
  std::mt19937 random(7);
  for (const Windows& size : {Windows{1, 1, 1, 1, 1},
                              {2, 3, 1, 5, 4},
                              {3, 9, 2, 7, 33},
                              {4, 28, 5, 5, 6},
                              {5, 17, 3, 60, 20},
                              {2, 33, 5, 15, 64},
                              {7, 8, 3, 129, 17},
                              {1, 40, 4, 40, 48},
                              {9, 2, 3, 9, 100}}) {
    const int row_step = 3, run_step = size.line_rows * row_step + size.run_size + 2;
    const int line_step = 2 * run_step + 1;
    const Owned image =
        random_matrix(1,
                      (size.lines - 1) * line_step + (size.line_rows - 1) * row_step +
                          (size.runs - 1) * run_step + size.run_size,
                      0, random);
    const WindowMatrix windows{image.values.data(), size.lines, size.line_rows,
                               line_step,           row_step,   size.runs,
                               size.run_size,       run_step};
    Owned a(windows.rows(), windows.columns(), 0);
    for (int i = 0; i < a.rows; ++i) {
      for (int k = 0; k < a.columns; ++k) {
        a.at(i, k) = image.at(0, i / size.line_rows * line_step + i % size.line_rows * row_step +
                                     k / size.run_size * run_step + k % size.run_size);
      }
    }
    const Owned mean = random_matrix(a.columns, size.columns, 0, random);
    const Owned perturbation = random_matrix(a.columns, size.columns, 0, random);
    const Owned dz = random_matrix(a.rows, size.columns, 0, random);
    const std::vector<float> s = random_signs(a.columns, random),
                             r = random_signs(size.columns, random);
    const FlippedMatrix w{mean.values.data(), perturbation.values.data(), s.data(), r.data()};
    for (const Products& products : own_products()) {
      CAPTURE(products.name(), size.lines, size.line_rows, size.runs, size.run_size, size.columns);
      Owned expected(a.rows, size.columns, 0), c = expected;
      products.multiply(a.view(), mean.view(), expected.view());
      products.multiply(windows, mean.view(), c.view());
      CHECK(c.values == expected.values);

      products.multiply_flipped(1, a.view(), w, expected.view(), nullptr);
      products.multiply_flipped(windows, w, c.view());
      CHECK(c.values == expected.values);

      for (const Write write : {Write::overwrite, Write::add}) {
        Owned expected_sum = mean, sum = mean;
        products.multiply_at_b(a.view(), dz.view(), expected_sum.view(), write);
        products.multiply_at_b(windows, dz.view(), sum.view(), write);
        CHECK(sum.values == expected_sum.values);
      }

      Owned expected_m = mean, expected_d = perturbation, m = mean, d = perturbation;
      products.add_flipped_gradient(
          1, a.view(), dz.view(),
          {expected_m.values.data(), expected_d.values.data(), s.data(), r.data()}, nullptr);
      products.add_flipped_gradient(windows, dz.view(),
                                    {m.values.data(), d.values.data(), s.data(), r.data()});
      CHECK(m.values == expected_m.values);
      CHECK(d.values == expected_d.values);
    }
  }
}

TEST_CASE("a sum of products adds its terms up in the tree of shards") {
  std::mt19937 random(5);
  constexpr int kRows = 13, kColumns = 21;
  for (int count = 1; count <= 19; ++count) {
    std::vector<Owned> a, b, leaves;
    std::vector<ProductTerm> terms;
    for (int i = 0; i < count; ++i) {
      a.push_back(random_matrix(1 + i % 4, kRows, 2, random));
      b.push_back(random_matrix(1 + i % 4, kColumns, 1, random));
      leaves.emplace_back(kRows, kColumns, 0);
      naive(Form::at_b, a.back(), b.back(), leaves.back(), Write::overwrite);
    }
    for (int i = 0; i < count; ++i) {
      const auto at = static_cast<std::size_t>(i);
      terms.push_back({a[at].view(), b[at].view()});
    }
    const auto size = static_cast<std::size_t>(kRows * kColumns);
    std::vector<float> sum(size), partial(size * 6);
    tree_sum(terms.size(), size, sum.data(), partial.data(), [&](std::size_t leaf, float* out) {
      std::copy(leaves[leaf].values.begin(), leaves[leaf].values.end(), out);
    });
    const Owned before = random_matrix(kRows, kColumns, 0, random);
    for (const Products& products : own_products()) {
      CAPTURE(products.name(), count);
      Owned c = before;
      products.multiply_at_b_summed(terms, c.view(), nullptr);
      CHECK(c.values == sum);
      products.multiply_at_b_summed(terms, c.view(), nullptr, Write::add);
      for (std::size_t k = 0; k < size; ++k) CHECK(c.values[k] == sum[k] + sum[k]);
    }
    Owned c = before;
    Products(ProductsKind::openblas).multiply_at_b_summed(terms, c.view(), partial.data());
    for (std::size_t k = 0; k < size; ++k) CHECK(c.values[k] == Approx(sum[k]).margin(1e-4));
  }
}

TEST_CASE("products are those of the highest level that the processor has, or OpenBLAS's") {
  const ProcessorFeatures processor = processor_features();
  CHECK(Products::at_level(VectorLevel::baseline).has_value());
  CHECK(Products::at_level(VectorLevel::avx2).has_value() == processor.avx2_and_fma);
  CHECK(Products::at_level(VectorLevel::avx512).has_value() == processor.avx512);
  const std::string best = processor.avx512         ? "own (AVX-512)"
                           : processor.avx2_and_fma ? "own (AVX2)"
                                                    : "own (vectors of 4)";
  CHECK(Products().name() == best);
  CHECK(Products().are_own());
  const Products openblas(ProductsKind::openblas);
  CHECK(openblas.name().starts_with("OpenBLAS ("));
  CHECK_FALSE(openblas.are_own());
}

}  // namespace bnn
