#pragma once
// What the variables of one layer get from modules of PyTorch.
//
// A layer takes all of its module or nothing. `weight` becomes the kernel, or gamma of a
// normalisation, or alpha of a prelu; `bias` the bias, or beta; `running_mean` and `running_var`
// the moving statistics. What the module does not have has no effect there, and gets the value that
// has none here: a bias of 0, a gamma of 1. Posteriors take weights as their means. Thread-safe: no
// state.

#include <map>
#include <string>
#include <vector>

#include "bnn/checkpoint/torch_kernels.h"
#include "bnn/checkpoint/torch_modules.h"
#include "bnn/model/graph.h"

namespace bnn {

struct TorchTarget {
  const Node* node;
  const TorchModule* own = nullptr;
  const TorchModule* folded = nullptr;  // a batch normalisation behind it
};

struct TorchFilling {
  /// By the names of variables: what to copy there. Scales and trainable priors are not named.
  std::map<std::string, std::vector<float>> values = {};
  /// Why nothing is taken; "" if something is.
  std::string reason = {};
  /// Whether inputs were put in another order behind a flatten.
  bool is_reordered = false;
};

TorchFilling fill_from_torch(const Graph& graph, const TorchTarget& target);

/// What kind of kernel a layer that has one has.
TorchKernel kernel_kind(const Node& node);

/// True if the layer has a kernel, into which a normalisation can be folded.
bool has_kernel(const Graph& graph, const Node& node);

}  // namespace bnn
