#pragma once
// --init-from: the weights that a run starts from instead of its initial values, either a
// checkpoint (checkpoint/initial_weights.h) or what PyTorch wrote (checkpoint/torch_weights.h).
// Then posterior_from_weights, where the config has it: of the weights that were taken, and of no
// others.

#include <string>
#include <vector>

#include "bnn/training/run.h"

namespace bnn {

/// The optimizer begins afresh.
/// @param map a file that says which module of PyTorch goes into which layer; "": by their names
/// @return sentences for the log; none for a checkpoint, of which all is taken
std::vector<std::string> take_start_weights(const std::string& path, const std::string& map,
                                            Run& run);

}  // namespace bnn
