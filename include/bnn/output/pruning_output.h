#pragma once
// The results of pruning, for the outputs of an evaluation. Thread-safe: no state.

#include <string>
#include <vector>

#include "bnn/core/json_reader.h"
#include "bnn/infer/evaluation.h"

namespace bnn {

/// A list of {kept, accuracy, nll, ece}.
Json pruning_json(const std::vector<PruningPoint>& points);

/// A table, with an empty line before it.
std::string pruning_table(const std::vector<PruningPoint>& points);

}  // namespace bnn
