#pragma once
// Which of the training examples are held out for validation.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "bnn/data/data_config.h"

namespace bnn {

/// Dataset indices, each list in ascending order.
struct Split {
  std::vector<std::uint32_t> train, validation;
};

/// A pure function of its arguments. ValidationSplit::random holds out the first examples of a
/// seeded shuffle. ValidationSplit::stratified holds out the first of each class in that shuffle,
/// in proportion to the size of the class; rounding goes by the largest remainders, of equal ones
/// the first. A class keeps an example to train on, if not more are to be held out. A fraction is
/// rounded to the nearest number of examples. Throws (config) if no example is left to train on, or
/// if a fraction holds out none.
/// @param labels of all examples
Split split_validation(std::span<const int> labels, const DataConfig& config, std::uint64_t seed);

}  // namespace bnn
