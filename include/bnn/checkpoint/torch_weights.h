#pragma once
// Starting a network from the weights of one that PyTorch wrote, as a safetensors file of its
// state_dict. torch_modules.h says which module goes into which layer, torch_layer.h what its
// variables get. Variables that get nothing, scales among them, keep their values.
//
// A network that normalises before its convolutions would be folded wrongly by the names alone. It
// is noticed by channels that do not fit, and refused. Thread-safe: no state.

#include <set>
#include <string>
#include <vector>

#include "bnn/checkpoint/torch_modules.h"
#include "bnn/core/aligned_array.h"
#include "bnn/model/graph.h"

namespace bnn {

struct TorchStart {
  /// What was taken and what was not.
  std::vector<std::string> sentences = {};
  /// The variables that got values.
  std::set<std::string> taken = {};
};

/// Throws Error(checkpoint) if nothing fits or numbers are not finite, and Error(config) if the map
/// names what is not there. The parameters are then as they were.
/// @param path of the weights, for messages
TorchStart start_from_torch(const std::string& path, const std::vector<Tensor>& tensors,
                            const TorchMap& map, const Graph& graph, AlignedArray& parameters);

}  // namespace bnn
