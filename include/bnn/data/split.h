#pragma once
// Which of the training examples are held out for validation.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "bnn/data/data_config.h"

namespace bnn {

/// Dataset indices, each list in ascending order.
struct Split {
  std::vector<std::uint32_t> train, validation;
};

/// A pure function of its arguments: the first examples of a seeded shuffle are held out. A
/// fraction is rounded to the nearest number of examples. Throws (config) if no example is left to
/// train on, or if a fraction holds out none.
Split split_validation(std::size_t examples, const DataConfig& config, std::uint64_t seed);

}  // namespace bnn
