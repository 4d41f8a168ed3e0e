#pragma once
// The modules of a network that PyTorch wrote, and the layers of ours that they belong to.
//
// A state_dict names tensors "<module>.<tensor>": "layer1.0.conv1.weight". What a wrapper put in
// front of all names ("module.", "model.", "_orig_mod.") is dropped. A module goes to
//
//   1. the layer that a map names for it, if there is a map;
//   2. else the layer of its own name, also with "/" or "_" for each dot;
//   3. else, of the ResNets of torchvision, timm and the usual ones for CIFAR, the layer of the
//      preset: conv1, bn1, layer2.0.conv1, layer2.0.bn1, layer2.0.downsample.0 (or shortcut.0), fc
//      (or linear) are conv1, norm1, stage2_block1_conv1, stage2_block1_norm1,
//      stage2_block1_shortcut_conv, logits.
//
// A batch normalisation without such a layer is folded into the convolution before it: that is
// "conv1" of "bn1", and "downsample.0" of "downsample.1". Thread-safe: no state.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "bnn/files/safetensors.h"

namespace bnn {

struct TorchModule {
  std::string name;                                   // "" if its tensors stand at the top
  std::map<std::string, const Tensor*> tensors = {};  // by "weight", "bias", "running_mean", …

  /// Null if there is none.
  const Tensor* find(const std::string& tensor) const;
  bool is_batch_normalization() const { return find("running_mean") && find("running_var"); }
};

/// In the order of their names. They point to the tensors.
std::vector<TorchModule> torch_modules(const std::vector<Tensor>& tensors);

/// From modules to layers; none: a module that is left out on purpose.
using TorchMap = std::map<std::string, std::optional<std::string>>;

/// Reads {"<module>": "<layer>" or null, …}. Throws Error(config), naming the file.
TorchMap read_torch_map(const std::string& path);

/// The names of layers that a module may go to, the best first.
std::vector<std::string> layer_names_of(const std::string& module);

/// "layer1.0.conv2" of "layer1.0.bn2", "features.0" of "features.1"; none for other names.
std::optional<std::string> convolution_before(const std::string& module);

}  // namespace bnn
