#pragma once
// The one list of layer types: reading a layer from a config and making it.

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "bnn/core/json_reader.h"
#include "bnn/layers/conv2d.h"
#include "bnn/layers/dense.h"
#include "bnn/layers/layer.h"
#include "bnn/layers/pool2d.h"

namespace bnn {

struct GlobalAveragePool2dSpec {};
struct FlattenSpec {};
struct ActivationSpec {
  Activation activation = Activation::linear;
};
struct AddSpec {};

using LayerOptions = std::variant<Conv2dSpec, DenseSpec, Pool2dSpec, GlobalAveragePool2dSpec,
                                  FlattenSpec, ActivationSpec, AddSpec>;

/// One element of `model.layers`, as a user wrote it.
struct LayerSpec {
  std::string type;
  std::string name;                 // empty: named after the type
  std::vector<std::string> inputs;  // empty: the layer before
  LayerOptions options;
};

/// The names of all layer types.
const std::vector<std::string>& layer_types();

/// Reads one layer; what is wrong is added to the reader's problems.
LayerSpec read_layer(ObjectReader& reader);

/// Makes the layer and declares its variables under `name`. Throws Error(config) with a sentence
/// about the layer if the shapes do not fit; the caller adds which layer.
std::unique_ptr<Layer> make_layer(const LayerSpec& spec, const std::string& name,
                                  std::uint32_t index, const std::vector<Shape>& inputs,
                                  ParameterLayout& layout);

}  // namespace bnn
