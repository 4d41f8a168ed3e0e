#pragma once
// The images that an evaluation looks at: a split of the run's own data or files that the user
// names, in the checkpoint's data format. Changes of image files are reported on stderr.

#include <cstdint>
#include <vector>

#include "bnn/checkpoint/model_checkpoint.h"
#include "bnn/data/dataset.h"
#include "bnn/evaluation/eval_options.h"

namespace bnn {

struct EvaluationImages {
  Dataset data;
  std::vector<std::uint32_t> chosen;  // dataset indices
};

/// The files of --files, or those of --split.
EvaluationImages load_images(const EvalOptions& options, const ModelCheckpoint& model);

/// The images of --ood (outside_images.h); their labels do not matter.
EvaluationImages load_outside(const EvalOptions& options, const ModelCheckpoint& model);

}  // namespace bnn
