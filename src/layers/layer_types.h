#pragma once
// The one list of layer types. A new type is a header and a source for the layer, its options and
// their reader, and a row here.

#include <string>
#include <vector>

#include "bnn/core/json_reader.h"
#include "bnn/layers/layer_spec.h"

namespace bnn {

/// How a layer reads the key `data_format`. Convolution and pooling have TensorFlow's default; the
/// others take an image as it comes, and a given value is checked.
enum class DataFormatKey { none, optional, with_default };

struct LayerType {
  std::string name;
  /// Reads the type's own keys. LayerOptions knows how to make the layer, and its weights.
  LayerOptions (*read)(ObjectReader& reader);
  DataFormatKey data_format = DataFormatKey::none;
  bool has_activity_regularizer = false;
};

const std::vector<LayerType>& layer_type_list();

}  // namespace bnn
