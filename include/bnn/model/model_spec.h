#pragma once
// What a config says about a network.

#include <vector>

#include "bnn/layers/layer_spec.h"

namespace bnn {

/// A layer with `reuse` comes after one of its name, and agrees with it in type, seed and the
/// description of variables.
struct ModelSpec {
  Shape input;
  std::vector<LayerSpec> layers;
};

}  // namespace bnn
