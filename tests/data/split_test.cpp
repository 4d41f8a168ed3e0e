#include "bnn/data/split.h"

#include <algorithm>
#include <numeric>

#include <catch2/catch.hpp>

#include "bnn/core/error.h"
#include "bnn/data/shuffle.h"

namespace bnn {
namespace {

using Catch::Matchers::Contains;
using Indices = std::vector<std::uint32_t>;

Indices first_numbers(std::size_t count) {
  Indices numbers(count);
  std::iota(numbers.begin(), numbers.end(), 0u);
  return numbers;
}

DataConfig holding_out(std::int64_t examples, double fraction) {
  DataConfig config;
  config.validation_examples = examples;
  config.validation_fraction = fraction;
  config.validation_split = ValidationSplit::random;
  return config;
}

std::string problem(std::size_t examples, const DataConfig& config) {
  try {
    split_validation(std::vector<int>(examples), config, 0);
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::config);
    return error.what();
  }
  return "";
}

TEST_CASE("without validation every example is trained on") {
  const Split split = split_validation(std::vector<int>(5), {}, 1);
  CHECK(split.train == Indices{0, 1, 2, 3, 4});
  CHECK(split.validation.empty());
}

TEST_CASE("a split holds out the asked number and loses no example") {
  for (const auto& [config, expected] :
       {std::pair(holding_out(300, 0), 300u), std::pair(holding_out(0, 0.1), 100u),
        std::pair(holding_out(0, 0.0006), 1u), std::pair(holding_out(999, 0), 999u)}) {
    const Split split = split_validation(std::vector<int>(1000), config, 7);
    CHECK(split.validation.size() == expected);
    CHECK(std::is_sorted(split.train.begin(), split.train.end()));
    CHECK(std::is_sorted(split.validation.begin(), split.validation.end()));
    Indices all = split.train;
    all.insert(all.end(), split.validation.begin(), split.validation.end());
    std::sort(all.begin(), all.end());
    CHECK(all == first_numbers(1000));
  }
}

TEST_CASE("a split depends on the seed alone and favours no part of the data") {
  const DataConfig config = holding_out(0, 0.5);
  const Split split = split_validation(std::vector<int>(10000), config, 3);
  CHECK(split.validation == split_validation(std::vector<int>(10000), config, 3).validation);
  CHECK(split.validation != split_validation(std::vector<int>(10000), config, 4).validation);
  // 2500 of the first half are expected; the hypergeometric standard deviation is 25.
  const auto first_half =
      std::lower_bound(split.validation.begin(), split.validation.end(), 5000u) -
      split.validation.begin();
  CHECK(first_half > 2500 - 125);
  CHECK(first_half < 2500 + 125);
}

TEST_CASE("a stratified split holds out the same share of each class, regardless of order") {
  DataConfig config = holding_out(50, 0);
  config.validation_split = ValidationSplit::stratified;
  std::vector<int> labels;  // 300 of class 0, 147 of class 1, 50 of class 2, 3 of class 3
  for (const auto& [label, count] : {std::pair(0, 300), {1, 147}, {2, 50}, {3, 3}}) {
    labels.insert(labels.end(), static_cast<std::size_t>(count), label);
  }
  // Shares of 50: 30, 14.7, 5 and 0.3. The largest remainder gets the one that is left.
  const auto counts_of = [&](const Indices& examples) {
    std::vector<int> counts(4, 0);
    for (const std::uint32_t example : examples)
      ++counts[static_cast<std::size_t>(labels[example])];
    return counts;
  };
  for (const std::uint64_t seed : {3u, 4u}) {
    const Split split = split_validation(labels, config, seed);
    CHECK(counts_of(split.validation) == std::vector<int>{30, 15, 5, 0});
    CHECK(counts_of(split.train) == std::vector<int>{270, 132, 45, 3});
    CHECK(std::is_sorted(split.train.begin(), split.train.end()));
    CHECK(std::is_sorted(split.validation.begin(), split.validation.end()));
  }
  CHECK(split_validation(labels, config, 3).validation !=
        split_validation(labels, config, 4).validation);
  // A class keeps an example to train on, as long as others have some to give.
  config.validation_examples = 36;
  std::vector<int> few = {2};
  few.insert(few.end(), 60, 0);
  few.insert(few.end(), 10, 1);
  const Split kept = split_validation(few, config, 3);
  CHECK(kept.validation.size() == 36);
  CHECK(std::find(kept.train.begin(), kept.train.end(), 0u) != kept.train.end());
  config.validation_examples = 70;
  CHECK(split_validation(few, config, 3).validation.size() == 70);
  config.validation_examples = 50;
  // Of one class it is the random split.
  const std::vector<int> alike(500, 0);
  const Indices stratified = split_validation(alike, config, 3).validation;
  config.validation_split = ValidationSplit::random;
  CHECK(stratified == split_validation(alike, config, 3).validation);
}

TEST_CASE("a split that leaves nothing to train on, or nothing held out, is refused") {
  CHECK_THAT(problem(10, holding_out(10, 0)), Contains("/data/validation: leaves nothing"));
  CHECK_THAT(problem(10, holding_out(4294967295, 0)), Contains("/data/validation"));
  CHECK_THAT(problem(10, holding_out(0, 0.99)), Contains("/data/validation: leaves nothing"));
  CHECK_THAT(problem(10, holding_out(0, 0.01)), Contains("holds out none of the 10"));
  CHECK(problem(10, holding_out(9, 0)).empty());
}

TEST_CASE("all permutations of three are equally frequent") {
  std::vector<Indices> seen;
  for (std::uint32_t step = 0; step < 6000; ++step) {
    Indices values = first_numbers(3);
    shuffle(values, Stream{.seed = 5, .site = Site::shuffle, .step = step});
    seen.push_back(values);
  }
  Indices order = first_numbers(3);
  do {
    // 1000 are expected, with a standard deviation of 29.
    const auto count = std::count(seen.begin(), seen.end(), order);
    CHECK(count > 1000 - 130);
    CHECK(count < 1000 + 130);
  } while (std::next_permutation(order.begin(), order.end()));
}

}  // namespace
}  // namespace bnn
