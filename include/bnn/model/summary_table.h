#pragma once
// A network as a table for people.

#include <string>

#include "bnn/model/graph.h"

namespace bnn {

/// One row per layer, with output shape, parameters and multiply-adds, and the totals.
std::string summary_table(const Graph& graph);

/// A sentence for a dense layer that reads very many numbers of an image, where global pooling
/// would do; "" if there is none.
std::string wide_input_hint(const Graph& graph);

}  // namespace bnn
