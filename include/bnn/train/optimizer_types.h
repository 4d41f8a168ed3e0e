#pragma once
// The list of optimizers that a config can name: one row for each.

#include <string>
#include <vector>

#include "bnn/train/optimizer.h"

namespace bnn {

class ObjectReader;

struct OptimizerType {
  std::string name;                             // the value of "type"
  OptimizerSpec (*read)(ObjectReader& reader);  // reads the other keys
};

/// The first one is the default.
const std::vector<OptimizerType>& optimizer_types();

/// Reads the object `training.optimizer` of a config.
OptimizerSpec read_optimizer(ObjectReader& reader);

}  // namespace bnn
