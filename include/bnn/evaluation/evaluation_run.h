#pragma once
// bnn-eval from options to exit code: metrics of a checkpoint on labelled images, on stdout.

#include "bnn/evaluation/eval_options.h"

namespace bnn {

int run_evaluation(const EvalOptions& options);

}  // namespace bnn
