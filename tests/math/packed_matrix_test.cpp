// Packed matrices: where each number lies, and the zeros behind the last column.

#include "bnn/math/packed_matrix.h"

#include <vector>

#include <catch2/catch.hpp>

using namespace bnn;

namespace {

constexpr int kStride = 70;

float number(int row, int column) { return static_cast<float>(1000 * row + column + 1); }

// Rows of `columns` numbers and a gap behind each.
std::vector<float> numbers(int rows, int columns) {
  std::vector<float> all(static_cast<std::size_t>(rows * kStride), -1.0f);
  for (int i = 0; i < rows; ++i) {
    for (int j = 0; j < columns; ++j) all[static_cast<std::size_t>(i * kStride + j)] = number(i, j);
  }
  return all;
}

// The packed matrix [depth][columns] whose elements are value(k, j), number by number.
template <typename Value>
std::vector<float> expected(int depth, int columns, const Value& value) {
  std::vector<float> all;
  for (int first = 0; first < columns; first += 32) {
    for (int k = 0; k < depth; ++k) {
      for (int j = first; j < first + 32; ++j) all.push_back(j < columns ? value(k, j) : 0.0f);
    }
  }
  return all;
}

}  // namespace

TEST_CASE("a matrix or a packed one, transposed, lies in panels of 32 columns") {
  for (const int rows : {1, 3, 31, 32, 33, 65}) {
    for (const int columns : {1, 8, 31, 32, 33, 64, 70}) {
      CAPTURE(rows, columns);
      const auto all = numbers(rows, columns);
      const ConstMatrix matrix{all.data(), rows, columns, kStride};
      const auto plain = expected(rows, columns, number);
      const auto transposed =
          expected(columns, rows, [](int column, int row) { return number(row, column); });
      std::vector<float> packed(packed_size(columns, rows), -2.0f);
      pack_transposed(matrix, packed.data());
      CHECK(packed == transposed);
      packed.assign(packed_size(columns, rows), -2.0f);
      transpose_packed({plain.data(), rows, columns}, packed.data());
      CHECK(packed == transposed);
    }
  }
}
