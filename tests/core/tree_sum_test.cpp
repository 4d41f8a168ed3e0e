#include "bnn/core/tree_sum.h"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

using namespace bnn;

namespace {

// A sum that remembers its order.
struct Term {
  std::string text;
  Term& operator+=(const Term& other) {
    text = "(" + text + "+" + other.text + ")";
    return *this;
  }
};

std::string order_of(std::size_t shards) {
  std::vector<Term> partial(static_cast<std::size_t>(tree_levels(shards)));
  tree_sum(shards, 1, partial.data(),
           [](std::size_t shard, Term* out) { out[0].text = std::to_string(shard); });
  return partial[0].text;
}

}  // namespace

TEST_CASE("shards are added in a balanced binary tree, cut off where shards end") {
  CHECK(order_of(1) == "0");
  CHECK(order_of(2) == "(0+1)");
  CHECK(order_of(3) == "((0+1)+2)");
  CHECK(order_of(4) == "((0+1)+(2+3))");
  CHECK(order_of(5) == "(((0+1)+(2+3))+4)");
  CHECK(order_of(6) == "(((0+1)+(2+3))+(4+5))");
  CHECK(order_of(7) == "(((0+1)+(2+3))+((4+5)+6))");
  CHECK(order_of(8) == "(((0+1)+(2+3))+((4+5)+(6+7)))");
  CHECK(order_of(9) == "((((0+1)+(2+3))+((4+5)+(6+7)))+8)");
}

TEST_CASE("a subtree is the partial sum that the whole tree holds") {
  std::vector<Term> partial(3);
  const auto leaf = [](std::size_t shard, Term* out) { out[0].text = std::to_string(shard); };
  tree_sum(8, 4, 4, 1, partial.data(), partial.data() + 1, leaf);
  CHECK(partial[0].text == "((4+5)+(6+7))");
  tree_sum(6, 4, 4, 1, partial.data(), partial.data() + 1, leaf);
  CHECK(partial[0].text == "(4+5)");
}

TEST_CASE("the tree holds one more level of partial sums at each power of two") {
  const int expected[] = {1, 2, 3, 3, 4, 4, 4, 4, 5};
  for (std::size_t shards = 1; shards <= 9; ++shards) {
    CHECK(tree_levels(shards) == expected[shards - 1]);
  }
}

TEST_CASE("every leaf counts once in every element, and no memory beyond the levels is touched") {
  constexpr std::size_t kSize = 5;
  constexpr double kGuard = -12345.0;
  for (std::size_t shards = 1; shards <= 9; ++shards) {
    const std::size_t levels = static_cast<std::size_t>(tree_levels(shards));
    std::vector<double> partial(levels * kSize + 3, kGuard);
    std::vector<int> calls(shards, 0);
    tree_sum(shards, kSize, partial.data(), [&](std::size_t shard, double* out) {
      ++calls[shard];
      // Digits in base 16: a sum tells which shards went into it.
      for (std::size_t i = 0; i < kSize; ++i) {
        out[i] = static_cast<double>((i + 1) * (std::size_t{1} << (4 * shard)));
      }
    });
    for (int count : calls) CHECK(count == 1);
    double ones = 0;
    for (std::size_t shard = 0; shard < shards; ++shard) {
      ones += static_cast<double>(std::size_t{1} << (4 * shard));
    }
    for (std::size_t i = 0; i < kSize; ++i) CHECK(partial[i] == static_cast<double>(i + 1) * ones);
    for (std::size_t i = levels * kSize; i < partial.size(); ++i) CHECK(partial[i] == kGuard);
  }
}
