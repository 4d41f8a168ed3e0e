#pragma once
// The one list of layer types: reading a layer from a config and making it.

#include <cstdint>
#include <memory>
#include <optional>
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
struct ConcatenateSpec {
  int axis = -1;
};
struct DropoutSpec {
  double rate = 0.5;
};

using LayerOptions =
    std::variant<Conv2dSpec, DenseSpec, Pool2dSpec, GlobalAveragePool2dSpec, FlattenSpec,
                 ActivationSpec, AddSpec, ConcatenateSpec, DropoutSpec>;

/// One element of `model.layers`, as a user wrote it.
struct LayerSpec {
  std::string type;
  std::string name;                        // empty: named after the type
  std::vector<std::string> inputs;         // empty: the layer before
  std::optional<std::uint64_t> seed = {};  // of the noise that each example has for itself
  bool reuse = false;                      // shares the variables of the layer of this name
  Regularizer activity_regularizer = {};
  std::optional<bool> channels_first = {};  // how the layer reads an image; none: as it comes
  LayerOptions options = {};

  /// The description of the layer's variables, or null if it has none.
  const WeightsSpec* weights() const;
};

/// The names of all layer types.
const std::vector<std::string>& layer_types();

/// Reads one layer; what is wrong is added to the reader's problems.
LayerSpec read_layer(ObjectReader& reader);

/// The JSON Schema of one layer: an alternative for each type.
Json layer_schema();

/// Makes the layer. Throws Error(config) with a sentence about the layer if the shapes do not fit;
/// the caller adds which layer.
/// @param variables the name under which its variables are declared, or found if they are shared
std::unique_ptr<Layer> make_layer(const LayerSpec& spec, const std::string& variables,
                                  const LayerNoise& noise, const std::vector<Shape>& inputs,
                                  ParameterLayout& layout);

}  // namespace bnn
