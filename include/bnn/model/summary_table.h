#pragma once
// A network as a table for people.

#include <string>

#include "bnn/model/graph.h"

namespace bnn {

/// A row a layer with output shape, parameters and multiply-adds, and totals.
std::string summary_table(const Graph& graph);

}  // namespace bnn
