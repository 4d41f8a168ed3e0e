#pragma once
// Convolutions as nodes of an ONNX graph.

#include "bnn/export/onnx_layers.h"

namespace bnn {

bool is_convolution(const LayerOptions& options);
/// Returns the name of the layer's output.
std::string add_convolution(const OnnxLayer& layer, OnnxBuilder& builder);

}  // namespace bnn
