#pragma once
// One layer of a network as nodes of an ONNX graph.
//
// Images lie as [image][channel][row][column] there, and as [image][row][column][channel] here, so
// kernels turn from [height][width][in][filters] to [filters][in][height][width], and flatten puts
// the channel last before it makes a vector. Dense kernels [in][units] become [units][in],
// depthwise ones [in * multiplier][1][height][width], transposed ones [in][filters][height][width].
// Thread-safe: no state.

#include <string>
#include <vector>

#include "bnn/export/onnx_builder.h"
#include "bnn/model/graph.h"

namespace bnn {

struct OnnxLayer {
  const Graph& graph;
  const Node& node;
  std::vector<std::string> inputs;   // of the graph's nodes that it reads
  const float* parameters;           // an array of the layout, whose means are the weights
  std::string suffix;                // of names: "" or "/3" for sample 3
  std::string weights_suffix;        // the same of the weights; "" where all samples share them
  const PassNoise* noise = nullptr;  // of dropout's mask; null: dropout is left out
};

/// Returns the name of the layer's output.
std::string add_layer(const OnnxLayer& layer, OnnxBuilder& builder);

}  // namespace bnn
