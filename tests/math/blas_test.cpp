#include "bnn/math/blas.h"

#include <cmath>
#include <limits>
#include <random>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

using namespace bnn;

namespace {

// A matrix in memory of its own, with `gap` unused floats after each row.
struct Owned {
  int rows, columns, stride;
  std::vector<float> values;

  Owned(int r, int c, int gap) : rows(r), columns(c), stride(c + gap) {
    values.assign(static_cast<std::size_t>(rows) * static_cast<std::size_t>(stride), 77.0f);
  }
  float& at(int row, int column) {
    return values[static_cast<std::size_t>(row) * static_cast<std::size_t>(stride) +
                  static_cast<std::size_t>(column)];
  }
  float at(int row, int column) const { return const_cast<Owned*>(this)->at(row, column); }
  ConstMatrix view() const { return {values.data(), rows, columns, stride}; }
  Matrix view() { return {values.data(), rows, columns, stride}; }
};

Owned random_matrix(int rows, int columns, int gap, std::mt19937& random) {
  Owned matrix(rows, columns, gap);
  for (int i = 0; i < rows; ++i) {
    for (int j = 0; j < columns; ++j) {
      matrix.at(i, j) = static_cast<float>(static_cast<int>(random() % 2001) - 1000) * 1e-3f;
    }
  }
  return matrix;
}

enum class Form { ab, at_b, a_bt };

struct Size {
  int rows, depth, columns, gap;
};

// Compares one product with plain loops in double, with the result overwritten or added.
void check_product(Form form, const Size& size, Write write, std::mt19937& random) {
  const bool at = form == Form::at_b, bt = form == Form::a_bt;
  const Owned a =
      random_matrix(at ? size.depth : size.rows, at ? size.rows : size.depth, size.gap, random);
  const Owned b = random_matrix(bt ? size.columns : size.depth, bt ? size.depth : size.columns,
                                2 * size.gap, random);
  Owned c = random_matrix(size.rows, size.columns, 3 * size.gap, random);
  const Owned before = c;
  if (write == Write::overwrite) c.at(0, 0) = std::numeric_limits<float>::quiet_NaN();
  if (form == Form::ab) blas_multiply(a.view(), b.view(), c.view(), write);
  if (form == Form::at_b) blas_multiply_at_b(a.view(), b.view(), c.view(), write);
  if (form == Form::a_bt) blas_multiply_a_bt(a.view(), b.view(), c.view(), write);
  double worst = 0;
  for (int i = 0; i < size.rows; ++i) {
    for (int j = 0; j < size.columns; ++j) {
      double sum = write == Write::add ? static_cast<double>(before.at(i, j)) : 0.0;
      for (int k = 0; k < size.depth; ++k) {
        sum += static_cast<double>(at ? a.at(k, i) : a.at(i, k)) *
               static_cast<double>(bt ? b.at(j, k) : b.at(k, j));
      }
      const double error = std::fabs(static_cast<double>(c.at(i, j)) - sum);
      worst = std::isfinite(error) ? std::max(worst, error) : 1e30;
    }
    for (int j = size.columns; j < c.stride; ++j) REQUIRE(c.at(i, j) == 77.0f);
  }
  CHECK(worst < 2e-6 * std::sqrt(static_cast<double>(size.depth)) + 1e-6);
}

}  // namespace

TEST_CASE("products agree with plain loops for odd sizes and strides, overwriting and adding") {
  prepare_blas(4);
  std::mt19937 random(3);
  const Size sizes[] = {{1, 1, 1, 0},   {1, 7, 1, 2},    {3, 1, 5, 1},   {17, 19, 23, 0},
                        {5, 129, 3, 4}, {33, 65, 31, 3}, {64, 75, 2, 0}, {2, 200, 101, 5}};
  for (const Size& size : sizes) {
    for (Form form : {Form::ab, Form::at_b, Form::a_bt}) {
      check_product(form, size, Write::overwrite, random);
      check_product(form, size, Write::add, random);
    }
  }
}

TEST_CASE("products of few rows that are made in parts agree with plain loops") {
  prepare_blas(1);
  std::mt19937 random(5);
  // Cut along depth, rows and columns of the result, in this order; the last part is a short one.
  for (const Size& size : {Size{16, 785, 400, 3}, Size{785, 16, 400, 3}, Size{16, 400, 785, 3}}) {
    for (Form form : {Form::ab, Form::at_b, Form::a_bt}) {
      check_product(form, size, Write::overwrite, random);
      check_product(form, size, Write::add, random);
    }
  }
}

TEST_CASE("a block of rows inside a larger matrix is read where it lies") {
  // Rows 1 and 2 and columns 1 to 3 of a 4 x 5 matrix, times a vector of ones.
  prepare_blas(1);
  std::vector<float> large(20);
  for (std::size_t i = 0; i < large.size(); ++i) large[i] = static_cast<float>(i);
  const std::vector<float> ones(3, 1.0f);
  std::vector<float> sums(2);
  blas_multiply({large.data() + 6, 2, 3, 5}, matrix(ones.data(), 3, 1), matrix(sums.data(), 2, 1));
  CHECK(sums == std::vector<float>{6 + 7 + 8, 11 + 12 + 13});
}

TEST_CASE("products do not depend on other threads that compute at the same time") {
  prepare_blas(4);
  std::mt19937 random(4);
  const Owned a = random_matrix(96, 150, 0, random), b = random_matrix(150, 64, 0, random);
  Owned alone(96, 64, 0);
  blas_multiply(a.view(), b.view(), alone.view());
  std::vector<Owned> results(4, Owned(96, 64, 0));
  std::vector<std::thread> threads;
  for (Owned& result : results) {
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) blas_multiply(a.view(), b.view(), result.view());
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const Owned& result : results) CHECK(result.values == alone.values);
}

TEST_CASE("the library says what it is") {
  CHECK(blas_configuration().find("OpenBLAS") != std::string::npos);
  CHECK(!blas_kernel().empty());
}

TEST_CASE("the kernel can be changed, and stays where the wanted one does not exist") {
  const std::string before = blas_kernel();
  const auto product_is_right = [] {
    const std::vector<float> a = {1, 2, 3, 4}, b = {5, 6, 7, 8};
    std::vector<float> c(4);
    blas_multiply(matrix(a.data(), 2, 2), matrix(b.data(), 2, 2), matrix(c.data(), 2, 2));
    return c == std::vector<float>{19, 22, 43, 50};
  };
  if (use_blas_kernel("Nehalem")) {  // a build for one kernel alone has no choice
    CHECK(blas_kernel() == "Nehalem");
    CHECK(product_is_right());
    CHECK(use_blas_kernel(before));
  }
  CHECK_FALSE(use_blas_kernel("no such kernel"));
  CHECK(blas_kernel() == before);
  CHECK(product_is_right());
}
