#pragma once
// Makes a layer from its description.

#include <memory>
#include <string>
#include <vector>

#include "bnn/layers/layer_spec.h"

namespace bnn {

/// Declares the layer's variables and makes it. Throws Error(config) with a sentence about the
/// layer if the shapes do not fit; the caller adds which layer.
/// @param variables the name under which its variables are declared, or found if they are shared
std::unique_ptr<Layer> make_layer(const LayerSpec& spec, const std::string& variables,
                                  const LayerNoise& noise, const std::vector<Shape>& inputs,
                                  ParameterLayout& layout);

}  // namespace bnn
