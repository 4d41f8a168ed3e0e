#pragma once
// A network as a table for people.

#include <string>

#include "bnn/model/graph.h"

namespace bnn {

/// One row per layer, with output shape, parameters and multiply-adds, and the totals.
std::string summary_table(const Graph& graph);

}  // namespace bnn
