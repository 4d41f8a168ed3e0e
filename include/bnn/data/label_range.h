#pragma once
// Which labels a data set may hold. A label outside the range usually means the wrong format.

#include <cstddef>
#include <string>

#include "bnn/data/data_config.h"

namespace bnn {

/// Labels lie in [0, count); `reason` says for messages who sets the limit.
struct LabelRange {
  int count = 0;
  std::string reason;
};

/// The narrower of what the format can hold and of the model's outputs (0 = any number).
LabelRange label_range(const DataConfig& config, int classes);

/// "record 7: label 11 is out of range; expected 0 to 9 (format "cifar10")"
std::string label_problem(const std::string& what, std::size_t number, int label,
                          const LabelRange& range);

}  // namespace bnn
