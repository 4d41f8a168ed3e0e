#pragma once
// Reads a layer from a config.

#include <set>
#include <string>
#include <vector>

#include "bnn/core/json_reader.h"
#include "bnn/layers/layer_spec.h"

namespace bnn {

/// The names of all layer types.
const std::vector<std::string>& layer_types();

/// Reads one layer. Errors are added to the reader's problems.
LayerSpec read_layer(ObjectReader& reader);

/// The keys that the layers of one type have.
struct LayerKeys {
  std::set<std::string> all;
  /// Those that describe variables, which layers that share variables have in common.
  std::set<std::string> of_variables;
};

/// The keys of the type that a layer names, or of the one that it nearly names; none if no type is
/// close.
const LayerKeys& layer_keys(const Json& layer);

/// The JSON Schema of one layer: an alternative for each type.
Json layer_schema();

}  // namespace bnn
