#pragma once
// What a config says about a network.

#include <vector>

#include "bnn/layers/layer_spec.h"

namespace bnn {

/// A layer with `reuse` comes after a layer of the same name. Both have the same type, seed and
/// description of variables.
struct ModelSpec {
  Shape input;
  std::vector<LayerSpec> layers;
};

}  // namespace bnn
