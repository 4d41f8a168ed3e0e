#pragma once
// Normalisation layers as nodes of an ONNX graph. Opset 13 has batch normalisation and instance
// normalisation; the others are made of simpler operators.

#include "bnn/export/onnx_layers.h"

namespace bnn {

bool is_normalization(const LayerOptions& options);
/// Returns the name of the layer's output.
std::string add_normalization(const OnnxLayer& layer, OnnxBuilder& builder);

}  // namespace bnn
