#pragma once
// Several checkpoints that are evaluated together as an ensemble.

#include <string>
#include <vector>

#include "bnn/checkpoint/model_checkpoint.h"
#include "bnn/infer/ensemble_predictor.h"

namespace bnn {

/// Loads checkpoints whose networks can be averaged. Throws Error(checkpoint), naming the file, on
/// anything wrong with one, or if its input, classes or data format are not those of the first;
/// Error(usage) if two names are one file.
/// @param threads that the networks are to run on, for which memory must suffice
std::vector<ModelCheckpoint> load_models(const std::vector<std::string>& paths, int threads);

/// The models, which must outlive the members, with the samples of the first. A seed that is given
/// is the first one's; the others count on from it, so that members do not share their noise.
/// @param temperature that the mean over all members is scaled by (infer/temperature.h)
std::vector<EnsembleMember> ensemble_members(const std::vector<ModelCheckpoint>& models,
                                             const SampleOptions& sampling, double temperature = 1);

}  // namespace bnn
