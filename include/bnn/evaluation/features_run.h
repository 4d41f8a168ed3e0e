#pragma once
// The class Gaussians that the Mahalanobis score of --ood needs: read from the file beside a
// checkpoint, or fitted to the features of the images that the run trained on, in one pass with the
// mean weights and without augmentation, and kept in that file.

#include <vector>

#include "bnn/checkpoint/model_checkpoint.h"
#include "bnn/core/thread_pool.h"
#include "bnn/evaluation/eval_options.h"
#include "bnn/infer/class_gaussians.h"

namespace bnn {

/// bnn-eval --fit-features: fits and writes the file, whether there is one or not, and says on
/// stdout what is in it. Throws Error(usage) if the network has no features, or more than
/// kMaxFeatures, or if nobody knows where the training images are.
int run_features_fit(const EvalOptions& options);

/// Those of each network, for --ood. A file that is missing or of other weights is made, if the
/// training images are there. Empty, which the log says, if one of the networks can have none.
/// Throws Error(checkpoint) for a file of other weights that cannot be made again.
std::vector<ClassGaussians> outside_gaussians(const EvalOptions& options,
                                              const std::vector<ModelCheckpoint>& models,
                                              ThreadPool& pool, RunLog& log);

}  // namespace bnn
